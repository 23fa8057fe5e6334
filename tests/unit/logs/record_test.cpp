#include "logs/record.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "logs/record_json.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

LogRecord sample() {
  LogRecord out;
  out.timestamp = WallTime{std::chrono::nanoseconds{1767323045123456789}};  // date -u -d @1767323045
  out.node_id = "worker-1";
  out.epoch = 9007199254740991;
  out.seq = 42;
  out.level = LogLevel::warning;
  out.logger_name = "Service.disk";
  out.message = "disk \"sda\" is 91% full";
  return out;
}

std::string json_of(const LogRecord& record, std::string_view cursor = {}) {
  std::string out;
  append_record_json(out, record, cursor);
  return out;
}

}  // namespace

TEST_CASE("a record is one line of JSON with its fields in a fixed order") {
  CHECK(json_of(sample()) ==
        R"({"timestamp":"2026-01-02T03:04:05.123456789Z","node_id":"worker-1","epoch":9007199254740991,"seq":42,)"
        R"("level":"WARNING","logger_name":"Service.disk","message":"disk \"sda\" is 91% full"})");
  LogRecord full = sample();
  full.attrs = R"({"percent":91})";
  full.module = "disk.py";
  full.function = "check";
  full.line = 7;
  full.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  full.received_at = full.timestamp + std::chrono::milliseconds{5};
  CHECK(
      json_of(full, "9f86d081884c7d65-8")
          .ends_with(R"("attrs":{"percent":91},"module":"disk.py","function":"check","line":7,)"
                     R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","received_at":"2026-01-02T03:04:05.128456789Z",)"
                     R"("cursor":"9f86d081884c7d65-8"})"));
  const auto parsed = parse_record_json(json_of(full, "9f86d081884c7d65-8"));
  REQUIRE(parsed.has_value());
  CHECK(parsed->record == full);
  CHECK(parsed->cursor == "9f86d081884c7d65-8");
}

TEST_CASE("control characters never reach a terminal raw through JSON") {
  LogRecord record = sample();
  record.message =
      "a\x1b[31m\x7f\xc2\x9b"
      "2J\n\tb\r";
  record.attrs = "{\"k\": \"\x7f\xc2\x9b\"\n}";
  normalise(record);
  const std::string line = json_of(record);
  for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
  CHECK(line.find('\x7f') == std::string::npos);
  CHECK(line.find("\xc2\x9b") == std::string::npos);
  CHECK(line.find(R"(a\u001b[31m\u007f\u009b2J\n\tb\u000d)") != std::string::npos);
  CHECK(parse_record_json(line)->record.message == record.message);
}

TEST_CASE("a record without a required member is refused by name") {
  const Json whole = parse_json(json_of(sample())).value();
  REQUIRE(parse_record_json(dump_json(whole)).has_value());
  for (const char* name : {"timestamp", "node_id", "epoch", "seq", "level", "logger_name", "message"}) {
    Json without = whole, wrong = whole;
    without.erase(name);
    wrong[name] = Json::array();
    for (const Json& record : {without, wrong}) {
      const auto parsed = parse_record_json(dump_json(record));
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().context.find(fmt::format("\"{}\"", name)) != std::string::npos);
    }
  }
}

TEST_CASE("what is no record as JSON is refused, whatever it is") {
  for (const char* text : {"", "[]", "null", "{", "{}x", R"({"message":"\uD800"})", "{\"message\":\"\xFF\"}"})
    CHECK_FALSE(parse_record_json(text).has_value());
  const std::string line = json_of(sample());
  for (std::size_t i = 0; i < line.size(); ++i) CHECK_FALSE(parse_record_json(line.substr(0, i)).has_value());
}

TEST_CASE("characters that end a line for some programs or turn its direction are escaped in JSON") {
  LogRecord record = sample();
  record.message = "a\u2028b\u2029c\u202Ed\u2066e\u2070\u00A0";
  const std::string line = json_of(record);
  CHECK(line.find(R"(a\u2028b\u2029c\u202ed\u2066e)") != std::string::npos);
  CHECK(line.find("\u2070\u00A0") != std::string::npos);
  CHECK(parse_json(line).value()["message"] == record.message);
  CHECK(parse_record_json(line)->record.message == record.message);
  record.attrs = "{\"k\":\"\u202E\"}";
  normalise(record);
  CHECK(record.attrs == R"({"k":"\u202e"})");
}

TEST_CASE("an over-long message is cut at a character and says so") {
  LogRecord record = sample();
  record.attrs = R"({"kept":1})";
  record.message = std::string(kMaxMessageBytes - 1, 'x') + "\xc3\xa9" + std::string(10 << 20, 'y');
  const std::size_t before = record.message.size();
  normalise(record);
  CHECK(record.message == std::string(kMaxMessageBytes - 1, 'x'));
  const Json attrs = Json::parse(record.attrs);
  CHECK(attrs["message_cut_from_bytes"] == before);
  CHECK(attrs["kept"] == 1);
}

TEST_CASE("a message at the limit is left alone") {
  LogRecord record = sample();
  record.message = std::string(kMaxMessageBytes, 'x');
  normalise(record);
  CHECK(record.message.size() == kMaxMessageBytes);
  CHECK(record.attrs.empty());
}

TEST_CASE("invalid UTF-8 and NUL are replaced visibly") {
  LogRecord record = sample();
  record.message = std::string("ok\xff\xc3(\0)\xed\xa0\x80", 10) + "\xd0\xb6";
  normalise(record);
  CHECK(is_utf8(record.message));
  CHECK(record.message == "ok\xEF\xBF\xBD\xEF\xBF\xBD(\xE2\x90\x80)\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xd0\xb6");
}

TEST_CASE("attrs that are no small JSON object are refused, not stored") {
  for (const std::string attrs : {"[1]", "{", "{\"a\":1,\"a\":2}", "\xff"}) {
    LogRecord record = sample();
    record.attrs = attrs;
    normalise(record);
    CHECK(record.attrs == R"({"attrs_refused":"not a JSON object"})");
  }
  LogRecord large = sample();
  large.attrs = "{\"a\":\"" + std::string(kMaxAttrsBytes, 'x') + "\"}";
  normalise(large);
  CHECK(large.attrs == R"({"attrs_refused":"over 16 KiB"})");
}

TEST_CASE("severity numbers are those of OpenTelemetry") {
  CHECK(severity_of(LogLevel::debug) == 5);
  CHECK(severity_of(LogLevel::info) == 9);
  CHECK(severity_of(LogLevel::warning) == 13);
  CHECK(severity_of(LogLevel::error) == 17);
  CHECK(severity_of(LogLevel::critical) == 21);
  CHECK(level_of_severity(10) == LogLevel::info);
  CHECK(level_of_severity(-3) == LogLevel::debug);
  CHECK(level_of_severity(99) == LogLevel::critical);
}

TEST_CASE("a time that no date can be written of is moved to the nearest that can be") {
  for (const auto time : {WallTime::min(), WallTime::max()}) {
    LogRecord record;
    record.timestamp = time;
    normalise(record);
    CHECK(parse_rfc3339(format_rfc3339(record.timestamp)).value() == record.timestamp);
  }
}
