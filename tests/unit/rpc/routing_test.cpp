#include "rpc/routing.hpp"

#include <doctest/doctest.h>

#include <map>

namespace p2p::rpc {
namespace {

using namespace std::chrono_literals;

const Monotonic kStart{};

void fail(Breaker& breaker, Monotonic now, int times = 1) {
  for (int i = 0; i < times; ++i) breaker.end(Verdict::failed, breaker.begin(now), now);
}

TEST_CASE("a breaker opens after five failures in a row, not before") {
  Breaker breaker;
  fail(breaker, kStart, 4);
  CHECK(breaker.allows(kStart));
  breaker.end(Verdict::answered, breaker.begin(kStart), kStart);
  fail(breaker, kStart, 4);
  CHECK(breaker.state(kStart) == Breaker::State::closed);
  fail(breaker, kStart);
  CHECK(breaker.state(kStart) == Breaker::State::open);
  CHECK_FALSE(breaker.allows(kStart + 999ms));
}

TEST_CASE("a half-open breaker lets one probe through, whose outcome decides") {
  Breaker breaker;
  fail(breaker, kStart, 5);
  const Monotonic later = kStart + 1s;
  CHECK(breaker.state(later) == Breaker::State::half_open);
  const bool probe = breaker.begin(later);
  CHECK(probe);
  CHECK_FALSE(breaker.allows(later));
  SUBCASE("an answer closes it") {
    breaker.end(Verdict::answered, probe, later);
    CHECK(breaker.idle());
    CHECK(breaker.allows(later));
  }
  SUBCASE("a failure opens it for twice as long, 30 s at most") {
    breaker.end(Verdict::failed, probe, later);
    CHECK_FALSE(breaker.allows(later + 1999ms));
    CHECK(breaker.allows(later + 2s));
    Monotonic now = later;
    for (int i = 0; i < 10; ++i) {
      now += 30s;
      REQUIRE(breaker.allows(now));
      breaker.end(Verdict::failed, breaker.begin(now), now);
    }
    CHECK_FALSE(breaker.allows(now + 29s));
  }
  SUBCASE("an abandoned probe makes room for the next") {
    breaker.end(Verdict::abandoned, probe, later);
    CHECK(breaker.allows(later));
  }
  SUBCASE("a probe that takes its time makes room for another after two seconds") {
    CHECK_FALSE(breaker.allows(later + 1999ms));
    CHECK(breaker.allows(later + 2s));
  }
  SUBCASE("the late answer of a call from before does not close it") {
    breaker.end(Verdict::answered, false, later);
    CHECK_FALSE(breaker.allows(later));
  }
}

TEST_CASE("retries are at most a tenth of the calls, after ten to begin with") {
  RetryBudget budget;
  int taken = 0;
  while (budget.take()) ++taken;
  CHECK(taken == 100);
  int more = 0;
  for (int i = 0; i < 1000; ++i) {
    budget.called();
    if (budget.take()) ++more;
  }
  CHECK(more == 100);
}

TEST_CASE("only what was never sent or does no harm is tried again") {
  CHECK(may_retry(false, false));
  CHECK(may_retry(false, true));
  CHECK(may_retry(true, true));
  CHECK_FALSE(may_retry(true, false));
}

struct Fleet {
  std::vector<Candidate> members{{"a"}, {"b"}, {"c"}};
  std::vector<const Candidate*> all{&members[0], &members[1], &members[2]};
  SeededRandom random{7};
  Balancer balancer{random};
};

void fail(Balancer& balancer, const std::string& service) {
  const auto attempt = balancer.begin("a", service, kStart);
  REQUIRE(attempt.has_value());
  balancer.end(*attempt, Verdict::failed, kStart);
}

TEST_CASE("calls spread evenly over idle nodes, and avoid the busy one") {
  Fleet fleet;
  std::map<std::string, int> chosen;
  for (int i = 0; i < 3000; ++i) ++chosen[fleet.balancer.choose(fleet.all, "s", kStart)->node_id];
  for (const auto& [node, count] : chosen) {
    CHECK(count > 900);
    CHECK(count < 1100);
  }
  chosen.clear();
  for (int i = 0; i < 5; ++i) fleet.balancer.begin("a", "s", kStart);
  for (int i = 0; i < 1000; ++i) ++chosen[fleet.balancer.choose(fleet.all, "s", kStart)->node_id];
  CHECK(chosen["a"] == 0);
}

TEST_CASE("a node whose breaker is open is skipped, for that service only") {
  Fleet fleet;
  for (int i = 0; i < 5; ++i) fail(fleet.balancer, "s");
  for (int i = 0; i < 100; ++i) CHECK(fleet.balancer.choose(fleet.all, "s", kStart)->node_id != "a");
  const std::vector<const Candidate*> only{&fleet.members[0]};
  CHECK(fleet.balancer.choose(only, "s", kStart) == nullptr);
  CHECK(fleet.balancer.choose(only, "other", kStart) != nullptr);
  CHECK(fleet.balancer.open_breakers(kStart).size() == 1);
  CHECK(fleet.balancer.choose({}, "s", kStart) == nullptr);
}

TEST_CASE("of two calls that chose a half-open node, one is the probe and the other begins nothing") {
  Fleet fleet;
  for (int i = 0; i < 5; ++i) fail(fleet.balancer, "s");
  const std::vector<const Candidate*> only{&fleet.members[0]};
  const Monotonic later = kStart + 1s;
  CHECK(fleet.balancer.choose(only, "s", later) != nullptr);
  CHECK(fleet.balancer.choose(only, "s", later) != nullptr);
  const auto first = fleet.balancer.begin("a", "s", later);
  REQUIRE(first.has_value());
  CHECK(first->probe);
  CHECK_FALSE(fleet.balancer.begin("a", "s", later).has_value());
  CHECK(fleet.balancer.outstanding("a") == 1);
  fleet.balancer.end(*first, Verdict::answered, later);
  CHECK(fleet.balancer.begin("a", "s", later).has_value());
}

TEST_CASE("made-up service names do not fill the memory") {
  Fleet fleet;
  for (int i = 0; i < 10'000; ++i) {
    for (int j = 0; j < 5; ++j) fail(fleet.balancer, "s" + std::to_string(i));
  }
  CHECK(fleet.balancer.open_breakers(kStart).size() == 4096);
}

}  // namespace
}  // namespace p2p::rpc
