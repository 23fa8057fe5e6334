#include "ratelimit/bucket_table.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace p2p;
using namespace p2p::ratelimit;
using namespace std::chrono_literals;
using Outcome = BucketTable::Outcome;

namespace {

const Refill kHundred = Refill::of({100, 20});  // a token each 600 ms
const Monotonic kStart{1h};

struct OneClient {
  BucketTable table{BucketTable::kWays};
  Monotonic now = kStart;

  BucketTable::Answer take(std::uint64_t cost = 1, std::uint64_t paid = 0, Refill refill = kHundred) {
    return table.take(42, refill, cost, paid, now);
  }
  unsigned count_taken(unsigned attempts) {
    unsigned out = 0;
    for (unsigned i = 0; i < attempts; ++i) out += take().outcome == Outcome::taken ? 1 : 0;
    return out;
  }
};

}  // namespace

TEST_CASE("a burst at once, then the rate") {
  OneClient client;
  CHECK(client.count_taken(50) == 20);
  client.now += 599ms;
  CHECK(client.count_taken(5) == 0);
  client.now += 1ms;
  CHECK(client.count_taken(5) == 1);
  // Over ten minutes: what came back, and no more.
  unsigned taken = 0;
  for (int i = 0; i < 6'000; ++i) {
    client.now += 100ms;
    taken += client.count_taken(2);
  }
  CHECK(taken == 1'000);
  client.now += 1h;
  CHECK(client.count_taken(50) == 20);
}

TEST_CASE("who waits as told is served") {
  OneClient client;
  client.count_taken(20);
  for (const std::uint64_t cost : {1, 7, 20}) {
    const auto refused = client.take(cost);
    REQUIRE(refused.outcome == Outcome::refused);
    CHECK(refused.wait <= 600ms * static_cast<int>(cost));
    client.now += refused.wait - 1ns;
    CHECK(client.take(cost).outcome == Outcome::refused);
    client.now += 1ns;
    CHECK(client.take(cost).outcome == Outcome::taken);
  }
}

TEST_CASE("a refused request costs nothing") {
  OneClient client;
  CHECK(client.take(20).outcome == Outcome::taken);
  client.now += 5 * 600ms;
  for (int i = 0; i < 100; ++i) CHECK(client.take(6).outcome == Outcome::refused);
  CHECK(client.take(5).outcome == Outcome::taken);
}

TEST_CASE("the rest of a cost, after one token was paid: the wait is for all of it") {
  OneClient client;
  CHECK(client.take().outcome == Outcome::taken);
  CHECK(client.take(20, 1).outcome == Outcome::taken);
  CHECK(client.take().outcome == Outcome::refused);
  client.now += 10 * 600ms;
  CHECK(client.take().outcome == Outcome::taken);
  const auto refused = client.take(20, 1);
  CHECK(refused.outcome == Outcome::refused);
  CHECK(refused.wait == 10 * 600ms);
  CHECK(client.count_taken(20) == 10);
}

TEST_CASE("who tries too soon, again and again, is served when who waits would be") {
  OneClient client;
  CHECK(client.take(20).outcome == Outcome::taken);
  unsigned attempts = 0;
  for (;; ++attempts) {
    client.now += 100ms;
    if (client.take().outcome == Outcome::taken && client.take(20, 1).outcome == Outcome::taken) break;
    REQUIRE(attempts < 1'000);
  }
  CHECK(client.now == kStart + 20 * 600ms);
}

TEST_CASE("a bucket is no emptier than empty after its limit was raised") {
  OneClient client;
  const Refill slow = Refill::of({1, 1'000});
  CHECK(client.take(1'000, 0, slow).outcome == Outcome::taken);
  const auto refused = client.take();
  REQUIRE(refused.outcome == Outcome::refused);
  CHECK(refused.wait == 600ms);
  client.now += refused.wait;
  CHECK(client.take().outcome == Outcome::taken);
}

TEST_CASE("a clock that another loop read a little earlier does not matter") {
  OneClient client;
  CHECK(client.count_taken(20) == 20);
  client.now -= 1ms;
  CHECK(client.take().outcome == Outcome::refused);
}

TEST_CASE("empty buckets stay when others come, full ones give way") {
  BucketTable table(64);
  SeededRandom random(1);
  const std::uint64_t key = random.next();
  REQUIRE(table.take(key, kHundred, 20, 0, kStart).outcome == Outcome::taken);
  const auto flood = [&](Monotonic now) {
    std::size_t no_room = 0;
    for (int i = 0; i < 10'000; ++i) {
      no_room += table.take(random.next(), kHundred, 1, 0, now).outcome == Outcome::no_room ? 1 : 0;
      REQUIRE(table.take(key, kHundred, 1, 0, now).outcome == Outcome::refused);
    }
    return no_room;
  };
  CHECK(flood(kStart) >= 10'000 - 64);
  // A token has come back to everybody: those who had taken one are forgotten, the one who had taken all is not.
  CHECK(flood(kStart + 599ms) == 10'000);
  CHECK(table.take(random.next(), kHundred, 1, 0, kStart + 600ms).outcome == Outcome::taken);
  CHECK(table.memory_bytes() <= 64 * 16);
}

TEST_CASE("growing loses no bucket") {
  BucketTable table(1 << 16);
  const std::size_t small = table.memory_bytes();
  SeededRandom random(2);
  std::vector<std::uint64_t> keys(5'000);
  for (auto& key : keys) {
    key = random.next();
    REQUIRE(table.take(key, kHundred, 20, 0, kStart).outcome == Outcome::taken);
  }
  CHECK(table.memory_bytes() > small);
  for (const auto key : keys) REQUIRE(table.take(key, kHundred, 1, 0, kStart).outcome == Outcome::refused);
  // One after the other needs no more than one place.
  BucketTable quiet(1 << 16);
  Monotonic now = kStart;
  for (const auto key : keys) quiet.take(key, kHundred, 1, 0, now += 600ms);
  CHECK(quiet.memory_bytes() == small);
}
