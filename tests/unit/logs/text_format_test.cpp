#include "logs/text_format.hpp"

#include <doctest/doctest.h>

#include "logs/cursor.hpp"
#include "logs/gap_record.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

LogRecord record() {
  LogRecord out;
  out.timestamp = WallTime{std::chrono::nanoseconds{1767323045123456789}};
  out.node_id = "worker-1";
  out.level = LogLevel::warning;
  out.logger_name = "Gossip";
  out.message = "line one\nline \x1b[2Jtwo";
  return out;
}

}  // namespace

TEST_CASE("a line for a terminal or the journal") {
  CHECK(format_own_line(record(), LineStyle::plain) ==
        "2026-01-02T03:04:05.123Z WARNING  Gossip: line one\\nline \\x1b[2Jtwo");
  CHECK(format_own_line(record(), LineStyle::journal) == "<4>Gossip: line one\\nline \\x1b[2Jtwo");
  CHECK(format_own_line(record(), LineStyle::colour) ==
        "2026-01-02T03:04:05.123Z \x1b[33mWARNING \x1b[0m Gossip: line one\\nline \\x1b[2Jtwo");
}

TEST_CASE("a line of the fleet names its node and shows attrs") {
  LogRecord with_attrs = record();
  with_attrs.attrs = R"({"n":1})";
  CHECK(format_fleet_line(with_attrs, {}) ==
        "2026-01-02T03:04:05.123Z worker-1 WARNING  Gossip: line one\\nline \\x1b[2Jtwo {\"n\":1}");
}

TEST_CASE("a node's name cannot smuggle escape sequences") {
  LogRecord evil = record();
  evil.node_id = "\x1b]0;x\x07";
  evil.logger_name = "\x1b[31m";
  CHECK(format_fleet_line(evil, {}).find('\x1b') == std::string::npos);
}

TEST_CASE("a gap is told in one line") {
  std::optional<Gap> sum;
  join_gap(sum, Gap{5, 9, {5, 0, 0, 0, 0}});
  join_gap(sum, Gap{12, 13, {1, 1, 0, 0, 0}});
  const LogRecord out = gap_record(*sum, record().timestamp);
  CHECK(out.message == "lost 7 records, the spool was full: 6 DEBUG, 1 INFO");
  CHECK(out.seq == 5);
  CHECK(out.level == LogLevel::warning);
  CHECK(out.attrs == R"({"gap":{"first_seq":5,"last_seq":13,"lost":{"DEBUG":6,"INFO":1}}})");
  join_gap(sum, Gap{14, 16, {}, 3});
  CHECK(gap_record(*sum, record().timestamp).message ==
        "lost 7 records, the spool was full: 6 DEBUG, 1 INFO; lost 3 records, the spool was damaged");
  CHECK(gap_record(Gap{14, 16, {}, 3}, record().timestamp).message == "lost 3 records, the spool was damaged");
}

TEST_CASE("cursors have one text form") {
  const auto cursor = parse_cursor("9f86d081884c7d65-1234");
  REQUIRE(cursor.has_value());
  CHECK(cursor->number == 1234);
  CHECK(cursor->to_text() == "9f86d081884c7d65-1234");
  for (const auto* text : {"", "9f86d081884c7d65-", "9f86d081884c7d65", "9F86d081884c7d65-1", "9f86d081884c7d65-1x",
                           "9f86d081884c7d65--1", "9f86d081884c7d65-99999999999999999999"})
    CHECK_FALSE(parse_cursor(text).has_value());
}
