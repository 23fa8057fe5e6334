#include "ratelimit/limiter.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <thread>

using namespace p2p;
using namespace p2p::ratelimit;
using namespace std::chrono_literals;

namespace {

const Monotonic kBegin{1h};

struct Limited {
  explicit Limited(std::size_t slots = kMaxAddressSlots) : limiter({}, random, slots) {}

  std::optional<std::chrono::seconds> take(const Client& client, LimitClass limit_class = LimitClass::rpc,
                                           std::uint64_t cost = 1, std::uint64_t paid = 0) {
    return limiter.take(client, limit_class, cost, paid, now);
  }
  unsigned count_taken(const Client& client, LimitClass limit_class = LimitClass::rpc, unsigned attempts = 1'000) {
    unsigned out = 0;
    for (unsigned i = 0; i < attempts; ++i) out += take(client, limit_class) ? 0 : 1;
    return out;
  }

  SeededRandom random{7};
  Limiter limiter;
  Monotonic now = kBegin;
};

const Client kStranger = Client::address("192.0.2.1");

}  // namespace

TEST_CASE("each class has the burst of DESIGN.md section 4, and its own bucket") {
  Limited limited;
  CHECK(limited.count_taken(kStranger, LimitClass::rpc) == 20);
  CHECK(limited.count_taken(kStranger, LimitClass::health) == 50);
  CHECK(limited.count_taken(kStranger, LimitClass::metrics) == 50);
  CHECK(limited.count_taken(kStranger, LimitClass::default_) == 30);
  CHECK(limited.count_taken(kStranger, LimitClass::none) == 1'000);
  CHECK(limited.count_taken(Client::address("192.0.2.2"), LimitClass::rpc) == 20);
  CHECK(limited.limiter.refused_count(LimitClass::rpc) == 980 + 980);
  CHECK(limited.limiter.refused_count(LimitClass::health) == 950);
}

TEST_CASE("Retry-After is in whole seconds, rounded up, and enough") {
  Limited limited;  // a token of rpc each 600 ms
  CHECK(limited.count_taken(kStranger) == 20);
  CHECK(limited.take(kStranger) == 1s);
  CHECK(limited.take(kStranger, LimitClass::rpc, 2) == 2s);
  CHECK(limited.take(kStranger, LimitClass::rpc, 20) == 12s);
  limited.now += 12s;
  CHECK_FALSE(limited.take(kStranger, LimitClass::rpc, 20).has_value());
}

TEST_CASE("a batch costs its elements, at most the burst, one of which was paid") {
  Limited limited;
  CHECK_FALSE(limited.take(kStranger).has_value());
  CHECK_FALSE(limited.take(kStranger, LimitClass::rpc, 100, 1).has_value());
  CHECK(limited.take(kStranger).has_value());
  limited.now += 1h;
  CHECK_FALSE(limited.take(kStranger).has_value());
  CHECK_FALSE(limited.take(kStranger, LimitClass::rpc, 5, 1).has_value());
  CHECK(limited.count_taken(kStranger) == 15);
  CHECK_FALSE(limited.take(kStranger, LimitClass::rpc, 1, 1).has_value());
}

TEST_CASE("whether there is room is seen without taking of it, also where clients share") {
  for (const std::size_t slots : {kMaxAddressSlots, std::size_t{512}}) {
    Limited limited(slots);
    const auto has_room = [&](const Client& client) {
      return limited.limiter.has_room(client, LimitClass::rpc, limited.now);
    };
    // With few slots, others take all of them, and some of what they share.
    for (std::uint32_t i = 0; i < 600 && slots == 512; ++i) {
      limited.take(Client::address(fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255)));
    }
    unsigned taken = 0;
    while (has_room(kStranger)) {
      for (int again = 0; again < 3; ++again) CHECK(has_room(kStranger));
      REQUIRE_FALSE(limited.take(kStranger).has_value());
      ++taken;
    }
    CHECK((slots == 512 ? taken > 20 : taken == 20));
    const auto refused = limited.limiter.refused_count(LimitClass::rpc);
    CHECK_FALSE(has_room(kStranger));
    CHECK(limited.limiter.refused_count(LimitClass::rpc) == refused);
    CHECK(limited.take(kStranger) == 1s);
    CHECK(has_room(Client::token("7f")));
    limited.now += 1s;
    CHECK(has_room(kStranger));
    CHECK(limited.limiter.has_room(kStranger, LimitClass::none, limited.now));
  }
}

TEST_CASE("nodes have high limits of their own") {
  Limited limited;
  const Client node = Client::node('w', "worker-1");
  CHECK(limited.count_taken(node, LimitClass::rpc, 60'000) == 50'000);
  CHECK(limited.count_taken(node, LimitClass::internal, 60'000) == 1'000);
  limited.now += 1s;
  CHECK(limited.count_taken(node, LimitClass::rpc, 60'000) == 50'000);
  CHECK(limited.count_taken(Client::node('w', "worker-2"), LimitClass::internal, 60'000) == 1'000);
}

TEST_CASE("a change of limits counts at once") {
  Limited limited;
  Rates rates;
  rates.rpc = {6'000, 200};
  CHECK(limited.count_taken(kStranger) == 20);
  limited.limiter.set_rates(rates);
  CHECK(limited.take(kStranger) == 1s);
  limited.now += 1s;
  CHECK(limited.count_taken(kStranger) == 100);
  limited.now += 1h;
  CHECK(limited.count_taken(kStranger) == 200);
  rates.enabled = false;
  limited.limiter.set_rates(rates);
  CHECK(limited.count_taken(kStranger) == 1'000);
}

TEST_CASE("more clients than there is room for: nobody gets a second bucket, neighbours share, nodes notice nothing") {
  constexpr std::size_t kSlots = 1 << 14;
  Limited limited(kSlots);
  const Client culprit = Client::address("2001:db8:0:1::1");
  CHECK(limited.count_taken(culprit) == 20);
  // Networks of one /32, twice as many as have room.
  unsigned refused = 0;
  for (std::uint32_t i = 0; i < 2 * kSlots; ++i) {
    const std::string address = fmt::format("2001:db8:{:x}:{:x}::1", 1 + (i >> 8), i & 0xff);
    for (int times = 0; times < 2; ++times) refused += limited.take(Client::address(address)) ? 1 : 0;
  }
  CHECK(limited.take(culprit).has_value());
  CHECK(refused > 0);
  CHECK(limited.limiter.memory_bytes() < 16 * kSlots + 64'000);
  CHECK(limited.count_taken(Client::node('w', "worker-1"), LimitClass::rpc, 1'000) == 1'000);
  CHECK(limited.count_taken(Client::token("7f")) == 20);
  // Someone else, from elsewhere, is still served.
  CHECK_FALSE(limited.take(Client::address("198.51.100.1")).has_value());
  // And when the flood is over, all is as it was.
  limited.now += 1min;
  CHECK(limited.count_taken(Client::address("2001:db8:ffff::1")) == 20);
}

TEST_CASE("threads that ask for one client together get its burst, no more and no less") {
  Limited limited;
  std::atomic<unsigned> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (unsigned n = 0; n < 2'000; ++n) {
        if (!limited.limiter.take(kStranger, LimitClass::health, 1, 0, kBegin)) ++taken;
        const std::string other = fmt::format("10.{}.{}.{}", i, n >> 8, n & 255);
        limited.limiter.take(Client::address(other), LimitClass::health, 1, 0, kBegin);
      }
      if (i == 0) limited.limiter.set_rates({});
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(taken == 50);
  CHECK(limited.limiter.refused_count(LimitClass::health) == 4 * 2'000 - 50);
}
