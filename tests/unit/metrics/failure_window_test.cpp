#include "metrics/failure_window.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::metrics;

namespace {

Monotonic moment(int seconds) { return Monotonic{} + std::chrono::seconds(5'000 + seconds); }

std::vector<FailingMethod> look(FailureWindow& window, int second, std::vector<MethodCounts> counted) {
  return window.add(moment(second), counted);
}

}  // namespace

TEST_CASE("a method that failed is told of for a minute, and how many of its calls within it") {
  FailureWindow window;
  CHECK(look(window, 0, {{"math.add", 100, 0}, {"math.divide", 50, 0}}).empty());
  for (int second = 1; second < 100; ++second) look(window, second, {{"math.add", 100, 0}, {"math.divide", 50, 0}});
  // Two of three calls fail.
  const std::vector<MethodCounts> after = {{"math.add", 100, 0}, {"math.divide", 53, 2}};
  CHECK(look(window, 100, after) == std::vector<FailingMethod>{{"math.divide", 3, 2}});
  for (int second = 101; second < 159; ++second) CHECK(look(window, second, after).size() == 1);
  // A call or two that succeed may be chance: they are among those of the minute.
  const std::vector<MethodCounts> better = {{"math.add", 100, 0}, {"math.divide", 55, 2}};
  CHECK(look(window, 159, better) == std::vector<FailingMethod>{{"math.divide", 5, 2}});
  for (int second = 160; second < 172; ++second) look(window, second, better);
  CHECK(look(window, 172, better).empty());
}

TEST_CASE("a method that was mended is told of no more, as soon as its successes cannot be chance") {
  FailureWindow window;
  CHECK(look(window, 0, {{"all.x", 10, 10}, {"tenth.x", 100, 10}}).size() == 2);
  CHECK(look(window, 1, {{"all.x", 12, 10}, {"tenth.x", 129, 10}}).size() == 2);
  // Three of a method that always failed; thirty of one that failed each tenth time.
  CHECK(look(window, 2, {{"all.x", 13, 10}, {"tenth.x", 129, 10}}) == std::vector<FailingMethod>{{"tenth.x", 129, 10}});
  CHECK(look(window, 3, {{"all.x", 13, 10}, {"tenth.x", 130, 10}}).empty());
  // Nobody calls them, or one fails again.
  CHECK(look(window, 4, {{"all.x", 13, 10}, {"tenth.x", 130, 10}}).empty());
  CHECK(look(window, 5, {{"all.x", 14, 11}, {"tenth.x", 130, 10}}) == std::vector<FailingMethod>{{"all.x", 14, 11}});
}

TEST_CASE("a method that nobody calls any more is failing for a quarter of an hour, or until a call succeeds") {
  FailureWindow window;
  const std::vector<MethodCounts> broken = {{"shop.refund", 2, 2}};
  for (int second = 0; second < 900; ++second) REQUIRE(look(window, second, broken).size() == 1);
  CHECK(look(window, 899, broken) == std::vector<FailingMethod>{{"shop.refund", 2, 2}});
  SUBCASE("a quarter of an hour") {
    for (int second = 900; second < 1'000; ++second) look(window, second, broken);
    CHECK(look(window, 1'000, broken).empty());
  }
  SUBCASE("mended") { CHECK(look(window, 900, {{"shop.refund", 3, 2}}).empty()); }
  SUBCASE("again") {
    CHECK(look(window, 900, {{"shop.refund", 3, 3}}) == std::vector<FailingMethod>{{"shop.refund", 1, 1}});
  }
  SUBCASE("gone") { CHECK(look(window, 900, {}).empty()); }
}

TEST_CASE("what failed before the first look counts, and a service that was published anew begins anew") {
  FailureWindow window;
  CHECK(look(window, 0, {{"math.divide", 4, 1}}) == std::vector<FailingMethod>{{"math.divide", 4, 1}});
  for (std::uint64_t second = 1; second < 80; ++second) {
    look(window, static_cast<int>(second), {{"math.divide", 4 + second / 20, 1}});
  }
  CHECK(look(window, 80, {{"math.divide", 7, 1}}).empty());
  CHECK(look(window, 81, {{"math.divide", 3, 1}}) == std::vector<FailingMethod>{{"math.divide", 3, 1}});
}

TEST_CASE("the methods of whose calls most fail come first, and no more than are told") {
  FailureWindow window;
  const std::vector<MethodCounts> counted = {{"a.x", 100'000, 900}, {"b.x", 50'000, 800}, {"c.x", 10'000, 700},
                                             {"d.x", 9'000, 600},   {"e.x", 200, 20},     {"f.x", 30, 3},
                                             {"rare.x", 2, 2}};
  const auto told = look(window, 0, counted);
  REQUIRE(told.size() == kMaxFiguresFailing);
  CHECK(told[0].method == "rare.x");  // busy ones that fail now and then do not hide it
  CHECK(told[0].failed == 2);
  // By the lower end of Wilson's interval: 0.066, 0.065 and 0.062.
  CHECK(told[1].method == "e.x");
  CHECK(told[2].method == "c.x");
  CHECK(told[3].method == "d.x");
}

TEST_CASE("single failures do not hide a method half of whose many calls fail") {
  FailureWindow window;
  const std::vector<MethodCounts> counted = {
      {"a.x", 1, 1}, {"b.x", 1, 1}, {"c.x", 1, 1}, {"d.x", 1, 1}, {"half.x", 10'000, 5'000}};
  const auto told = look(window, 0, counted);
  REQUIRE(told.size() == kMaxFiguresFailing);
  CHECK(told[0].method == "half.x");
  CHECK(told[1].method == "a.x");
}
