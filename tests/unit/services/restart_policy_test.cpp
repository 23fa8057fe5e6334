#include "services/restart_policy.hpp"

#include <doctest/doctest.h>

namespace p2p::services {
namespace {

using namespace std::chrono_literals;

struct RestartPolicyFixture {
  SeededRandom random{7};
  Restart settings{};
  RestartPolicy policy{settings, random};
  Monotonic now{};

  /// Dies after having run for so long; how long to wait.
  std::chrono::milliseconds die_after(std::chrono::milliseconds run) {
    policy.became_ready(now);
    now += run;
    return policy.died(now);
  }
};

TEST_CASE_FIXTURE(RestartPolicyFixture, "the wait doubles from 100 ms, less up to a fifth, and ends at 30 s") {
  settings.degraded_after = 100;
  RestartPolicy patient(settings, random);
  auto expected = 100ms;
  for (int death = 0; death < 20; ++death) {
    const auto wait = patient.died(now);
    CHECK(wait <= expected);
    CHECK(wait >= expected * 8 / 10 - 1ms);
    expected = std::min(expected * 2, 30'000ms);
    now += wait;
  }
  CHECK_FALSE(patient.degraded());
}

TEST_CASE_FIXTURE(RestartPolicyFixture, "five deaths within a minute degrade it, and it is still tried every 30 s") {
  for (int death = 0; death < 4; ++death) die_after(1s);
  CHECK_FALSE(policy.degraded());
  CHECK(die_after(1s) >= 24s);
  CHECK(policy.degraded());
  for (int death = 0; death < 1000; ++death) {
    const auto wait = die_after(0ms);
    CHECK(wait >= 24s);
    CHECK(wait <= 30s);
    now += wait;
  }
  CHECK(policy.degraded());
}

TEST_CASE_FIXTURE(RestartPolicyFixture, "five deaths over a longer time do not degrade it") {
  for (int death = 0; death < 20; ++death) die_after(16s);
  CHECK_FALSE(policy.degraded());
}

TEST_CASE_FIXTURE(RestartPolicyFixture, "a single death is news until a minute of health is over") {
  policy.became_ready(now);
  CHECK(policy.next_wakeup() == Monotonic::max());
  CHECK_FALSE(policy.settle(now + 60s));
  policy.died(now);
  policy.became_ready(now);
  CHECK(policy.next_wakeup() == now + 60s);
  CHECK_FALSE(policy.settle(now + 59s));
  CHECK(policy.settle(now + 60s));
  CHECK_FALSE(policy.settle(now + 61s));
}

TEST_CASE_FIXTURE(RestartPolicyFixture, "a minute of health forgets the past") {
  for (int death = 0; death < 5; ++death) die_after(0ms);
  REQUIRE(policy.degraded());
  CHECK(policy.next_wakeup() == Monotonic::max());
  policy.became_ready(now);
  CHECK(policy.next_wakeup() == now + 60s);
  CHECK_FALSE(policy.settle(now + 59s));
  CHECK(policy.degraded());
  now += 60s;
  CHECK(policy.settle(now));
  CHECK_FALSE(policy.degraded());
  CHECK(policy.died(now) <= 100ms);
}

TEST_CASE_FIXTURE(RestartPolicyFixture, "what dies before it was ready was never healthy") {
  policy.died(now);
  now += 59s;
  policy.died(now);
  CHECK(policy.died(now + 1h) > 300ms);
}

}  // namespace
}  // namespace p2p::services
