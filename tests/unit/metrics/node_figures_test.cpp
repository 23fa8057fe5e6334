#include "metrics/node_figures.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "metrics/counter_window.hpp"

using namespace p2p;
using namespace p2p::metrics;
using namespace std::chrono_literals;

namespace {

std::string cbor(const Json& value) { return to_text(dump_cbor(value)); }

Monotonic at(int seconds) { return Monotonic{} + std::chrono::seconds(1'000 + seconds); }

Counters counted(std::uint64_t calls, std::uint64_t logs = 0) {
  Counters out;
  out.calls = calls;
  out.logs = logs;
  return out;
}

}  // namespace

TEST_CASE("figures arrive as they were sent, and what is not known stays unknown") {
  NodeFigures sent;
  sent.cpu = 0.25;
  sent.load1 = 1.5;
  sent.cores = 8;
  sent.memory = Share{3'000'000'000, 16'000'000'000};
  sent.rss = 16'000'000;
  sent.calls = 12;
  sent.errors = 1;
  sent.latency[4] = 11;
  sent.services = {{"disk", "running", 2, 7, "1.0.0", ""},
                   {"queue", "degraded", 6, 0, "", "exited with status 1: cannot read the queue"}};
  sent.failing = {{"math.divide", 6, 3, "division by zero"}};
  const std::string payload = encode_figures(sent);
  CHECK(payload.size() < 320);
  const auto arrived = decode_figures(payload);
  REQUIRE(arrived.has_value());
  CHECK(*arrived == sent);
  CHECK_FALSE(arrived->disk.has_value());
}

TEST_CASE("of methods that fail few are told, with errors that are short and safe to show") {
  NodeFigures sent;
  for (int i = 0; i < 9; ++i) sent.failing.push_back({"s.m" + std::to_string(i), 10, 9, std::string(5'000, 'x')});
  sent.failing[1].error = "two\nlines\x1b[2J \xff";
  const std::string payload = encode_figures(sent);
  CHECK(payload.size() < 4 * 300);
  const auto arrived = decode_figures(payload);
  REQUIRE(arrived.has_value());
  REQUIRE(arrived->failing.size() == 4);
  CHECK(arrived->failing[0].error.size() <= 240);
  CHECK(arrived->failing[1].error == R"(two\nlines\x1b[2J \xff)");
  // A node may send what it likes.
  const auto hostile = decode_figures(cbor({{"failing", {{"s.\x1b[2J", 2, 1, "\x07"}}}}));
  REQUIRE(hostile.has_value());
  CHECK(hostile->failing == std::vector<FailingMethod>{{R"(s.\x1b[2J)", 2, 1, R"(\x07)"}});
  for (const Json& bad : {Json("x"), Json{{"a.b", 1, 2, ""}}, Json{{"a.b", 0, 0, ""}}, Json{{"", 1, 1, ""}},
                          Json{{"a.b", 1, 1}}, Json{{"a.b", -1, 1, ""}}, Json{{"a.b", 1, 1, 5}}}) {
    CAPTURE(bad.dump());
    CHECK_FALSE(decode_figures(cbor({{"failing", bad}})).has_value());
  }
}

TEST_CASE("members of a later version are skipped, and an earlier version just tells less") {
  const auto some = decode_figures(
      cbor({{"cpu", 0.5},
            {"gpu", {1, 2}},
            {"services", {{"a", "running", 0, 1, "2", "", "new"}, {"b", "running", 0, 1}, {"c", "x", 0, 1, 7, 8}}}}));
  REQUIRE(some.has_value());
  CHECK(some->cpu == 0.5);
  REQUIRE(some->services.size() == 3);
  CHECK(some->services[0].version == "2");
  CHECK(some->services[1].version.empty());
  CHECK(some->services[2].trouble.empty());
  CHECK(decode_figures(cbor(Json::object())).has_value());
}

TEST_CASE(
    "what services say of their trouble is shown as text, cut between characters, and never makes figures too long") {
  NodeFigures sent;
  const std::string long_text = std::string(kMaxFiguresTrouble - 4, 'x') + "ééé";
  sent.services = {{"a", "error", 0, 0, "", "\x1b[31mred"}, {"b", "error", 0, 0, "", long_text}};
  const auto arrived = decode_figures(encode_figures(sent));
  REQUIRE(arrived.has_value());
  CHECK(arrived->services[0].trouble == "\\x1b[31mred");
  CHECK(arrived->services[1].trouble == std::string(kMaxFiguresTrouble - 4, 'x') + "…");
  sent.services.clear();
  for (int i = 0; i < 300; ++i) {
    sent.services.push_back({std::string(60, 'n') + std::to_string(i), "degraded", 1'000'000, 1'000'000'000'000,
                             std::string(64, 'v'), std::string(1000, 't')});
  }
  const std::string payload = encode_figures(sent);
  CHECK(payload.size() <= kMaxFiguresBytes);
  REQUIRE(decode_figures(payload).has_value());
  CHECK(decode_figures(payload)->services.size() == kMaxFiguresServices);
}

TEST_CASE("a state that no version has is text too") {
  const auto arrived = decode_figures(cbor({{"services", {{"a", "run\x1b[31m\xe2\x80\xae", 0, 0}}}}));
  REQUIRE(arrived.has_value());
  CHECK(arrived->services[0].state == "run\\x1b[31m\\xe2\\x80\\xae");
}

TEST_CASE("figures that cannot be are refused or unknown") {
  CHECK_FALSE(decode_figures("").has_value());
  CHECK_FALSE(decode_figures(cbor(Json::array())).has_value());
  CHECK_FALSE(decode_figures(std::string(kMaxFiguresBytes + 1, 'x')).has_value());
  CHECK_FALSE(decode_figures(cbor({{"services", {{"../x", "running", 0, 0}}}})).has_value());
  CHECK_FALSE(decode_figures(cbor({{"services", {{"a", std::string(100, 'x'), 0, 0}}}})).has_value());
  CHECK_FALSE(decode_figures(cbor({{"latency", std::vector<int>(kLatencyBuckets + 1, 1)}})).has_value());
  CHECK_FALSE(decode_figures(cbor({{"latency", {-1}}})).has_value());
  const auto odd = decode_figures(cbor({{"cpu", 7}, {"memory", {2, 1}}, {"rss", -1}}));
  REQUIRE(odd.has_value());
  CHECK_FALSE(odd->cpu.has_value());
  CHECK_FALSE(odd->memory.has_value());
  CHECK_FALSE(odd->rss.has_value());
}

TEST_CASE("quantiles of latency are within a fifth of the truth") {
  LatencyCounts counts{};
  CHECK_FALSE(latency_quantile_ms(counts, 0.5).has_value());
  for (int ms = 1; ms <= 1000; ++ms) ++counts[latency_bucket(std::chrono::milliseconds(ms))];
  for (const double share : {0.5, 0.9, 0.99}) {
    const auto found = latency_quantile_ms(counts, share);
    REQUIRE(found.has_value());
    CHECK(*found == doctest::Approx(share * 1000).epsilon(0.2));
  }
  CHECK(latency_bucket(0ns) == 0);
  CHECK(latency_bucket(1h) == kLatencyBuckets - 1);
  for (std::size_t i = 1; i + 1 < kLatencyBuckets; ++i) {
    const auto inside = std::chrono::nanoseconds(static_cast<std::int64_t>(latency_bound_ms(i) * 0.999e6));
    CHECK(latency_bucket(inside) == i);
  }
}

TEST_CASE("rates are over the time asked for, or over what there is") {
  CounterWindow window;
  CHECK_FALSE(window.over(10s).has_value());
  window.add(at(0), counted(0));
  CHECK_FALSE(window.over(10s).has_value());
  // Ten calls a second for two minutes, then none.
  for (int i = 1; i <= 120; ++i) window.add(at(i), counted(static_cast<std::uint64_t>(10 * i)));
  CHECK(window.over(1s)->calls_per_second == doctest::Approx(10));
  CHECK(window.over(60s)->calls_per_second == doctest::Approx(10));
  for (int i = 121; i <= 130; ++i) window.add(at(i), counted(1200));
  CHECK(window.over(1s)->calls_per_second == 0);
  CHECK(window.over(10s)->calls_per_second == 0);
  CHECK(window.over(60s)->calls_per_second == doctest::Approx(10 * 50.0 / 60).epsilon(0.1));
}

TEST_CASE("a node that began anew is no burst of minus a million calls") {
  CounterWindow window;
  window.add(at(0), counted(1'000'000));
  window.add(at(1), counted(3));
  CHECK_FALSE(window.over(10s).has_value());
  window.add(at(2), counted(5));
  CHECK(window.over(10s)->calls_per_second == doctest::Approx(2));
}
