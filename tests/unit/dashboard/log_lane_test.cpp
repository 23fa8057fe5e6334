#include "dashboard/log_lane.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace p2p;
using namespace p2p::dashboard;

TEST_CASE("a page that keeps up gets every line") {
  LogLane lane(10);
  CHECK_FALSE(lane.has_news());
  lane.add(11, "a");
  lane.pass(12);
  lane.add(13, "b");
  lane.pass(15);
  const LogLane::Batch batch = lane.take();
  CHECK_FALSE(batch.gap.has_value());
  CHECK(batch.records == "a,b");
  CHECK(batch.count == 2);
  CHECK(batch.position == 15);
  CHECK_FALSE(lane.has_news());
}

TEST_CASE("what a slow page is not sent is counted, and lies between the two numbers") {
  LogLane lane(0);
  lane.add(1, "a");
  lane.take();
  std::uint64_t number = 1;
  while (!lane.is_full()) {
    lane.wait();
    lane.add(++number, "x");
  }
  CHECK_FALSE(lane.is_counting());
  lane.wait();
  CHECK(lane.is_counting());
  lane.add(++number, "not looked at");
  const LogLane::Batch batch = lane.take();
  REQUIRE(batch.gap.has_value());
  CHECK(batch.gap->after == 1);
  CHECK(batch.gap->before == number);
  CHECK(batch.gap->skipped == number - 1);
  CHECK(batch.count == 0);
  lane.add(++number, "b");
  const LogLane::Batch next = lane.take();
  CHECK_FALSE(next.gap.has_value());
  CHECK(next.records == "b");
}

TEST_CASE("a lane never holds more than its bound and a record") {
  LogLane lane(0);
  const std::string record(1'000, 'x');
  std::size_t most = 0;
  for (std::uint64_t number = 1; number <= 10'000; ++number) {
    lane.add(number, record);
    lane.wait();
    most = std::max(most, lane.is_counting() ? 0 : static_cast<std::size_t>(number) * (record.size() + 1));
  }
  CHECK(most <= kLaneBytes + record.size());
  CHECK(lane.take().gap->skipped == 10'000);
}

TEST_CASE("shown and counted in gaps is together what there was, however the page stumbles") {
  SeededRandom random(7);
  LogLane lane(0);
  std::uint64_t shown = 0, skipped = 0, wanted = 0, last_position = 0;
  const auto take = [&] {
    const LogLane::Batch batch = lane.take();
    if (batch.gap) {
      REQUIRE(batch.gap->after == last_position);
      REQUIRE(batch.gap->before > batch.gap->after);
      skipped += batch.gap->skipped;
    }
    shown += batch.count;
    last_position = batch.position;
  };
  for (std::uint64_t number = 1; number <= 200'000; ++number) {
    if (random.below(3) > 0) {
      lane.add(number, "{}");
      ++wanted;
    } else {
      lane.pass(number);
    }
    if (random.below(5'000) == 0) lane.count_only();
    if (lane.is_full()) lane.wait();
    if (random.below(1'500) == 0) take();
  }
  take();
  CHECK(shown + skipped == wanted);
  CHECK(shown > 0);
  CHECK(skipped > 0);
}
