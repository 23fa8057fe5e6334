#include "logs/filter.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "logs/time_expression.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

WallTime at(std::string_view text) { return *parse_rfc3339(text); }
const WallTime kNow = at("2026-03-02T12:30:00Z");

LogRecord record() {
  LogRecord out;
  out.node_id = "worker-1";
  out.level = LogLevel::warning;
  out.logger_name = "Service.disk";
  out.message = "Диск ПОЧТИ полон: 91%";
  out.received_at = kNow;
  return out;
}

bool matches(const Json& parameters) {
  const auto spec = parse_filter(json_parameters(parameters), kNow);
  REQUIRE(spec.has_value());
  const auto filter = Filter::make(*spec);
  REQUIRE(filter.has_value());
  return filter->matches(record());
}

std::string refusal(const Json& parameters) {
  const auto spec = parse_filter(json_parameters(parameters), kNow);
  if (!spec) return spec.error().context;
  const auto filter = Filter::make(*spec);
  return filter ? "" : filter.error().context;
}

}  // namespace

TEST_CASE("an empty filter takes everything") { CHECK(matches(Json::object())); }

TEST_CASE("nodes and loggers are globs, several of them alternatives") {
  CHECK(matches({{"node_id", "worker-?"}}));
  CHECK(matches({{"node_id", "coord*, worker-1"}}));
  CHECK(matches({{"node_id", {"coord*", "worker-1"}}}));
  CHECK_FALSE(matches({{"node_id", "worker"}}));
  CHECK_FALSE(matches({{"node_id", "WORKER-1"}}));
  CHECK(matches({{"logger_name", "Service.*"}}));
  CHECK_FALSE(matches({{"logger_name", "Service"}}));
  CHECK_FALSE(matches({{"logger_name", "Service.*"}, {"node_id", "other"}}));
}

TEST_CASE("a level means it and above") {
  CHECK(matches({{"level", "info"}}));
  CHECK(matches({{"level", "WARNING"}}));
  CHECK_FALSE(matches({{"level", "ERROR"}}));
  CHECK(refusal({{"level", "LOUD"}}).starts_with("level: \"LOUD\""));
}

TEST_CASE("time goes by received_at, from since on and before until") {
  CHECK(matches({{"since", "2026-03-02T12:30:00Z"}}));
  CHECK_FALSE(matches({{"since", "2026-03-02T12:30:00.000000001Z"}}));
  CHECK_FALSE(matches({{"until", "2026-03-02T12:30:00Z"}}));
  CHECK(matches({{"since", "10m"}, {"until", "2026-03-02T12:30:01Z"}}));
  CHECK(refusal({{"since", "soon"}}).starts_with("since: "));
}

TEST_CASE("text is found without case, in any script; an expression with it") {
  CHECK(matches({{"text", "диск почти"}}));
  CHECK_FALSE(matches({{"text", "диск.*полон"}}));
  CHECK(matches({{"regex", "Диск.*полон: \\d+%$"}}));
  CHECK_FALSE(matches({{"regex", "диск"}}));
  CHECK(matches({{"regex", "(?i)диск"}}));
  CHECK_FALSE(matches({{"regex", "91"}, {"text", "empty"}}));
}

TEST_CASE("of an expression is known what no match can do without") {
  const auto needed = [](const std::string& regex, const std::string& text = "") {
    FilterSpec spec;
    spec.regex = regex;
    spec.text = text;
    auto out = Filter::make(spec).value().needed_texts();
    for (auto& any_of : out) std::sort(any_of.begin(), any_of.end());
    std::sort(out.begin(), out.end());
    return out;
  };
  using Texts = std::vector<std::vector<std::string>>;
  CHECK(needed("segmentation.*fault") == Texts{{"fault"}, {"segmentation"}});
  CHECK(needed("^GET /api/v[0-9]+/orders$") == Texts{{"/orders"}, {"get /api/v"}});
  CHECK(needed("(?i)TimeOut after") == Texts{{"timeout after"}});
  CHECK(needed("(disk )?is full", "Text") == Texts{{"Text"}, {"is full"}});
  CHECK(needed("error|warning") == Texts{{"error", "warning"}});
  CHECK(needed("(first|second) disk.*full") == Texts{{"first disk", "second disk"}, {"full"}});
  // Nothing of that is in each match, or it is too short to be looked for.
  for (const char* regex : {"error|x", "x*", "[a-z]+", "(abcd)?", "a.b", ".", "^$"}) CHECK(needed(regex).empty());
}

TEST_CASE("what may take long is known: an expression, and a text that is not short") {
  const auto is_costly = [](const Json& object) {
    return Filter::make(parse_filter(json_parameters(object), kNow).value()).value().is_costly();
  };
  CHECK(is_costly({{"regex", "x"}}));
  CHECK(is_costly({{"text", std::string(kShortTextBytes + 1, 'a')}}));
  CHECK_FALSE(is_costly({{"text", std::string(kShortTextBytes, 'a')}, {"level", "INFO"}}));
}

TEST_CASE("expressions that would explode are refused or stay linear") {
  CHECK(refusal({{"regex", "((a{1000}){1000}){1000}"}}).starts_with("regex: "));
  CHECK(refusal({{"regex", "((\\pL\\pN){60}){9}"}}) == "regex is too large once its repetitions are written out");
  CHECK(refusal({{"regex", "(unclosed"}}).starts_with("regex: "));
  CHECK(refusal({{"regex", "(a)\\1"}}).starts_with("regex: "));
  CHECK(refusal({{"regex", std::string(kMaxPatternBytes + 1, 'a')}}) == "regex is longer than 1024 bytes");
  CHECK(refusal({{"regex", std::string(1000, '(') + std::string(24, ')')}}).starts_with("regex: "));
  // Catastrophic for a backtracking matcher: 2^65536 steps.
  LogRecord evil = record();
  evil.message = std::string(kMaxMessageBytes, 'a') + "b";
  const auto filter = Filter::make(parse_filter(json_parameters(Json{{"regex", "^(a+)+$"}}), kNow).value());
  REQUIRE(filter.has_value());
  CHECK_FALSE(filter->matches(evil));
}

TEST_CASE("lists and patterns are bounded") {
  FilterSpec many;
  many.nodes.assign(kMaxFilterGlobs + 1, "a");
  CHECK_FALSE(Filter::make(many).has_value());
  FilterSpec lengthy;
  lengthy.loggers = {std::string(kMaxGlobBytes + 1, '*')};
  CHECK_FALSE(Filter::make(lengthy).has_value());
}

TEST_CASE("times as people type them") {
  const ZoneOffset zone = [](WallTime) { return std::chrono::hours{2}; };
  const auto parsed = [&](std::string_view text) { return format_rfc3339(parse_time(text, kNow, zone).value(), 0); };
  CHECK(parsed("now") == "2026-03-02T12:30:00Z");
  CHECK(parsed("10m") == "2026-03-02T12:20:00Z");
  CHECK(parsed("3d") == "2026-02-27T12:30:00Z");
  CHECK(parsed("today") == "2026-03-01T22:00:00Z");
  CHECK(parsed("yesterday") == "2026-02-28T22:00:00Z");
  CHECK(parsed("2026-01-02") == "2026-01-01T22:00:00Z");
  CHECK(parsed("2026-01-02T03:04:05+01:00") == "2026-01-02T02:04:05Z");
  CHECK(parsed("1h30m") == "2026-03-02T11:00:00Z");
  CHECK(parsed("1w") == "2026-02-23T12:30:00Z");
  CHECK(parsed("2026-01-02 15:04") == "2026-01-02T13:04:00Z");
  CHECK(parsed("2026-01-02T15:04:05") == "2026-01-02T13:04:05Z");
  CHECK(parsed("2026-01-02 15:04:05Z") == "2026-01-02T15:04:05Z");
  CHECK(parsed("14:30") == "2026-03-02T12:30:00Z");
  CHECK(parsed("14:30:01") == "2026-03-01T12:30:01Z");  // that late it is not yet today
  CHECK(parsed("00:10") == "2026-03-01T22:10:00Z");
  for (const auto* text : {"", "10", "tomorrow-ish", "2026-13-01", "-5m", "2026-01-02T25:00:00Z", "100000000000d",
                           "24:00", "12:60", "1:30", "12:", "12:30Z", "30m1h", "1h1h", "1h30", "2026-01-02 1504"})
    CHECK_FALSE(parse_time(text, kNow, zone).has_value());
}

TEST_CASE("days begin at midnight of their own, also when clocks were changed since") {
  // Central Europe: from 2026-03-29T01:00Z on two hours ahead, before it one.
  const WallTime change = parse_rfc3339("2026-03-29T01:00:00Z").value();
  const ZoneOffset zone = [&](WallTime time) { return std::chrono::hours{time < change ? 1 : 2}; };
  const WallTime now = parse_rfc3339("2026-03-30T10:00:00Z").value();
  const auto parsed = [&](std::string_view text) { return format_rfc3339(parse_time(text, now, zone).value(), 0); };
  CHECK(parsed("today") == "2026-03-29T22:00:00Z");
  CHECK(parsed("yesterday") == "2026-03-28T23:00:00Z");
  CHECK(parsed("2026-03-29") == "2026-03-28T23:00:00Z");
  CHECK(parsed("2026-03-28") == "2026-03-27T23:00:00Z");
}

TEST_CASE("a tool leaves durations to the coordinator's clock and settles days itself") {
  const auto parameter = [&](std::string_view text) {
    return time_parameter(text, kNow, [](WallTime) { return std::chrono::hours{2}; }).value();
  };
  CHECK(parameter("10m") == "10m");
  CHECK(parameter("now") == "now");
  CHECK(parameter("today") == "2026-03-01T22:00:00.000000000Z");
  CHECK(parameter("2026-01-02T03:04:05+01:00") == "2026-01-02T02:04:05.000000000Z");
  CHECK_FALSE(time_parameter("soon", kNow, {}).has_value());
}
