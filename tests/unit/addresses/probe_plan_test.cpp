#include "addresses/probe_plan.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::addresses;
using namespace std::chrono_literals;

namespace {

constexpr Monotonic kPlanBegin{1'000'000s};
constexpr PathEnd kV4{}, kV6{true, false, false}, kLoopback4{false, true, false}, kLinkLocal{true, false, true};

std::vector<std::size_t> started(ProbePlan& plan, Monotonic now) {
  std::vector<std::size_t> out;
  for (const auto& start : plan.tick(now)) out.push_back(start.candidate);
  return out;
}

using Numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("only ends of one kind make a path") {
  const std::vector<PathEnd> sources{kLoopback4, kV4, kV6, kLinkLocal};
  CHECK(pair_up(sources, std::vector{kV4}) == std::vector<ProbePair>{{1, 0}});
  CHECK(pair_up(sources, std::vector{kV6}) == std::vector<ProbePair>{{2, 0}});
  CHECK(pair_up(sources, std::vector{kLoopback4}) == std::vector<ProbePair>{{0, 0}});
  CHECK(pair_up(sources, std::vector{kLinkLocal}) == std::vector<ProbePair>{{3, 0}});
  CHECK(pair_up(std::vector{kV4}, std::vector{kV6}).empty());
  CHECK(no_path_between(kV4, kV4).empty());
  CHECK(no_path_between(kV4, kV6) == "one is IPv4, the other IPv6");
  CHECK(no_path_between(kV6, kLinkLocal).find("link-local") != std::string_view::npos);
}

TEST_CASE("the best of both come first, and nobody's second choice before everyone's first") {
  const std::vector<PathEnd> two{kV4, kV4};
  CHECK(pair_up(two, two) == std::vector<ProbePair>{{0, 0}, {1, 0}, {0, 1}, {1, 1}});
}

TEST_CASE("the first is tried alone, the next after 250 ms, or at once when it fails") {
  ProbePlan plan(3, ProbeAim::first_good, 2s, kPlanBegin);
  CHECK(started(plan, kPlanBegin) == Numbers{0});
  CHECK(plan.next_wakeup() == kPlanBegin + 250ms);
  CHECK(started(plan, kPlanBegin + 249ms).empty());
  CHECK(started(plan, kPlanBegin + 250ms) == Numbers{1});
  plan.ended(false, kPlanBegin + 260ms);
  CHECK(started(plan, kPlanBegin + 260ms) == Numbers{2});
  CHECK_FALSE(plan.over(kPlanBegin + 260ms));
  CHECK_FALSE(plan.next_wakeup());
}

TEST_CASE("a good one ends it, and nothing begins after it") {
  ProbePlan plan(3, ProbeAim::first_good, 2s, kPlanBegin);
  plan.tick(kPlanBegin);
  plan.ended(true, kPlanBegin + 10ms);
  CHECK(plan.over(kPlanBegin + 10ms));
  CHECK(started(plan, kPlanBegin + 1s).empty());
}

TEST_CASE("all of them share the time: with many, the last one still has half of it") {
  constexpr std::size_t kDead = 8;
  ProbePlan plan(kDead, ProbeAim::first_good, 2s, kPlanBegin);
  std::size_t count = 0;
  Monotonic last = kPlanBegin;
  for (Monotonic now = kPlanBegin; now <= kPlanBegin + 2s; now += 1ms) {
    for (const auto& start : plan.tick(now)) {
      ++count;
      last = now;
      CHECK(start.until == kPlanBegin + 2s);
    }
  }
  CHECK(count == kDead);
  CHECK(last <= kPlanBegin + 1s);
  for (std::size_t i = 0; i < kDead; ++i) plan.ended(false, kPlanBegin + 2s);
  CHECK(plan.over(kPlanBegin + 2s));
}

TEST_CASE("attempts are never closer together than RFC 8305 section 8 allows") {
  CHECK(stagger_of(2, 2s) == 250ms);
  CHECK(stagger_of(1000, 2s) == 10ms);
  CHECK(stagger_of(9, 800ms) == 50ms);
}

TEST_CASE("forty dead ones take the time of one, tried one after the other or all at once") {
  for (const ProbeAim aim : {ProbeAim::first_good, ProbeAim::all}) {
    ProbePlan plan(40, aim, 2s, kPlanBegin);
    std::size_t running = 0;
    for (Monotonic now = kPlanBegin; now < kPlanBegin + 2s; now += 5ms) running += plan.tick(now).size();
    CHECK(running == 40);
    for (std::size_t i = 0; i < running; ++i) plan.ended(false, kPlanBegin + 2s);
    CHECK(plan.over(kPlanBegin + 2s));
  }
}

TEST_CASE("those that could not begin in time never do") {
  ProbePlan plan(1000, ProbeAim::first_good, 2s, kPlanBegin);
  std::size_t running = 0;
  Monotonic now = kPlanBegin;
  for (; now < kPlanBegin + 1900ms; now += 10ms) running += plan.tick(now).size();
  CHECK(running == kProbesAtOnce);
  now = kPlanBegin + 2s;
  for (std::size_t i = 0; i < running; ++i) plan.ended(false, now);
  CHECK(started(plan, now).empty());
  CHECK(plan.over(now));
}

TEST_CASE("a whole table is tried in parallel, so many at once, each with its own time") {
  ProbePlan plan(kProbesAtOnce + 4, ProbeAim::all, 2s, kPlanBegin);
  const auto first = plan.tick(kPlanBegin);
  REQUIRE(first.size() == kProbesAtOnce);
  CHECK(first.back().until == kPlanBegin + 2s);
  CHECK_FALSE(plan.next_wakeup());
  plan.ended(true, kPlanBegin + 1s);
  const auto next = plan.tick(kPlanBegin + 1s);
  REQUIRE(next.size() == 1);
  CHECK(next[0].until == kPlanBegin + 3s);
  for (std::size_t i = 0; i < kProbesAtOnce; ++i) plan.ended(i % 2 == 0, kPlanBegin + 2s);
  CHECK(plan.tick(kPlanBegin + 2s).size() == 3);
  CHECK_FALSE(plan.over(kPlanBegin + 2s));
  for (int i = 0; i < 3; ++i) plan.ended(false, kPlanBegin + 2s);
  CHECK(plan.over(kPlanBegin + 2s));
}

TEST_CASE("with nothing to try it is over at once") {
  CHECK(ProbePlan(0, ProbeAim::all, 2s, kPlanBegin).over(kPlanBegin));
  CHECK(ProbePlan(0, ProbeAim::first_good, 2s, kPlanBegin).over(kPlanBegin));
}
