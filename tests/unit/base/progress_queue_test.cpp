#include "base/progress_queue.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("progress comes in order, and wakes its reader once") {
  int woken = 0;
  ProgressQueue queue([&] { ++woken; });
  queue.report("1");
  queue.report("2");
  CHECK(woken == 1);
  const auto batch = queue.take();
  CHECK(batch.values == std::deque<std::string>{"1", "2"});
  CHECK(batch.dropped == 0);
  CHECK(queue.take().empty());
  queue.report("3");
  CHECK(woken == 2);
  queue.rest();
  queue.report("4");
  CHECK(woken == 3);
  queue.close();
  queue.report("5");
  queue.dropped(1);
  CHECK(woken == 3);
  CHECK(queue.take().empty());
}

TEST_CASE("past 64 values or 1 MiB the oldest progress is dropped, and counted") {
  ProgressQueue queue([] {});
  SUBCASE("values") {
    for (int i = 1; i <= 70; ++i) queue.report(std::to_string(i));
    queue.dropped(3);
    const auto batch = queue.take();
    CHECK(batch.values.size() == 64);
    CHECK(batch.values.front() == "7");
    CHECK(batch.values.back() == "70");
    CHECK(batch.dropped == 9);
  }
  SUBCASE("bytes") {
    for (int i = 0; i < 20; ++i) queue.report(std::string(64 * 1024, static_cast<char>('a' + i)));
    const auto batch = queue.take();
    CHECK(batch.values.size() == 16);
    CHECK(batch.values.front().front() == 'e');
    CHECK(batch.dropped == 4);
    queue.report("1");
    CHECK(queue.take().dropped == 0);
  }
  SUBCASE("one that is too large itself") {
    queue.report(std::string(64 * 1024 + 1, 'x'));
    const auto batch = queue.take();
    CHECK(batch.values.empty());
    CHECK(batch.dropped == 1);
  }
}
