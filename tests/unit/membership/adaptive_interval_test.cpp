#include "membership/adaptive_interval.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

/// The interval after a minute at so many messages a second.
milliseconds after_a_minute(AdaptiveInterval& interval, int minute, int messages_a_second) {
  for (int i = 0; i < 60 * messages_a_second; ++i) interval.count_message();
  interval.tick(after(seconds{60 * minute}).monotonic);
  return interval.current();
}

}  // namespace

TEST_CASE("the wanted interval follows the load: below 1 a second 5 s, above 5 a second 30 s, linear between") {
  const IntervalSettings settings;
  CHECK(AdaptiveInterval::wanted(settings, 0) == seconds{5});
  CHECK(AdaptiveInterval::wanted(settings, 0.99) == seconds{5});
  CHECK(AdaptiveInterval::wanted(settings, 1) == seconds{5});
  CHECK(AdaptiveInterval::wanted(settings, 2) == milliseconds{11'250});
  CHECK(AdaptiveInterval::wanted(settings, 3) == milliseconds{17'500});
  CHECK(AdaptiveInterval::wanted(settings, 5) == seconds{30});
  CHECK(AdaptiveInterval::wanted(settings, 500) == seconds{30});
}

TEST_CASE("an adjustment changes the interval by at most a fifth") {
  AdaptiveInterval quiet({}, after(seconds{0}).monotonic);
  CHECK(after_a_minute(quiet, 1, 0) == seconds{12});
  CHECK(after_a_minute(quiet, 2, 0) == milliseconds{9600});
  AdaptiveInterval busy({}, after(seconds{0}).monotonic);
  CHECK(after_a_minute(busy, 1, 9) == seconds{18});
  CHECK(after_a_minute(busy, 2, 9) == milliseconds{21'600});
}

TEST_CASE("it stays within its bounds and stops where the load asks for it") {
  AdaptiveInterval interval({}, after(seconds{0}).monotonic);
  for (int minute = 1; minute <= 20; ++minute) after_a_minute(interval, minute, 0);
  CHECK(interval.current() == seconds{5});
  for (int minute = 21; minute <= 40; ++minute) after_a_minute(interval, minute, 3);
  CHECK(interval.current() == milliseconds{17'500});
}

TEST_CASE("it adjusts once a period") {
  AdaptiveInterval interval({}, after(seconds{0}).monotonic);
  CHECK_FALSE(interval.tick(after(seconds{59}).monotonic));
  CHECK(interval.next_wakeup() == after(seconds{60}).monotonic);
  CHECK(interval.tick(after(seconds{60}).monotonic));
  CHECK_FALSE(interval.tick(after(seconds{61}).monotonic));
}
