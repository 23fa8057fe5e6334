#include "dashboard/belief.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace p2p;
using namespace p2p::dashboard;
using namespace std::chrono_literals;
using metrics::NodeFigures;

namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

/// Of a large machine that is busy.
NodeFigures busy() {
  NodeFigures out;
  out.cores = 1'024;
  out.memory = metrics::Share{30'000'000'000'000, 32'000'000'000'000};
  out.disk = metrics::Share{0, 1'000'000'000'000'000'000};
  out.rss = 4'000'000'000;
  out.calls = 900'000'000'000;
  out.errors = out.calls;
  out.latency[3] = out.calls;
  out.services = {{"disk", "running", 90'000, out.calls, "", ""}};
  return out;
}

}  // namespace

TEST_CASE("what a large and busy machine tells is believed") {
  const NodeFigures before = busy();
  CHECK_FALSE(disbelief(before, nullptr, 0s).has_value());
  NodeFigures told = before;
  told.calls += 2'000'000;  // in a second
  told.latency[3] += 2'000'000;
  told.services[0].calls += 2'000'000;
  CHECK_FALSE(disbelief(told, &before, 1s).has_value());
  CHECK_FALSE(disbelief(told, &before, 1ms).has_value());  // the network held the first up
  told = NodeFigures{};                                    // restarted
  told.services = {{"disk", "running", 0, 1, "", ""}, {"queue", "running", 0, 1'000'000'000, "", ""}};
  CHECK_FALSE(disbelief(told, &before, 1s).has_value());
}

TEST_CASE("what no machine can do is not believed, and it is said what") {
  const auto said = [](auto change) {
    NodeFigures told = busy();
    change(told);
    return disbelief(told, nullptr, 1s).value_or("");
  };
  const std::string_view calls = "more calls than a machine can answer";
  CHECK(said([](NodeFigures& told) { told.calls = std::uint64_t{1} << 63; }) == calls);
  CHECK(said([](NodeFigures& told) { told.latency[40] = kHuge; }) == calls);
  CHECK(said([](NodeFigures& told) { told.services[0].calls = kHuge; }) == calls);
  CHECK(said([](NodeFigures& told) { told.errors = told.calls + 1; }) == "more failed calls than calls");
  CHECK(said([](NodeFigures& told) { told.services[0].restarts = kHuge; }) ==
        "more restarts of a service than there can be");
  CHECK(said([](NodeFigures& told) { told.cores = kHuge; }) == "more processors than a machine has");
  CHECK(said([](NodeFigures& told) { told.rss = kHuge; }) == "more memory than a machine has");
  CHECK(said([](NodeFigures& told) { told.memory = metrics::Share{0, kHuge}; }) == "more memory than a machine has");
  CHECK(said([](NodeFigures& told) { told.disk = metrics::Share{0, kHuge}; }) == "a larger disk than there is");
}

TEST_CASE("counters that rise faster than any machine can answer are not believed") {
  const NodeFigures before = busy();
  const auto is_believed = [&](std::uint64_t more, auto span) {
    NodeFigures calls = before, latency = before, service = before;
    calls.calls += more;
    latency.latency[7] += more;
    service.services[0].calls += more;
    const bool out = !disbelief(calls, &before, span).has_value();
    CHECK(!disbelief(latency, &before, span).has_value() == out);
    CHECK(!disbelief(service, &before, span).has_value() == out);
    return out;
  };
  CHECK(is_believed(10'000'000, 1s));
  CHECK_FALSE(is_believed(10'000'001, 1s));
  CHECK(is_believed(20'000'000, 2s));
  CHECK_FALSE(is_believed(20'000'001, 2s));
}
