#include "logs/sources/file_lines.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "logs/sources/file_position.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

std::vector<std::string> texts(const std::vector<FileLine>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(line.text);
  return out;
}

/// Events with the offset behind each.
std::vector<std::string> events_of(const std::vector<std::string>& lines, const std::string& rule) {
  LineCutter cutter(100);
  LineJoiner joiner(rule.empty() ? nullptr : parse_multiline_rule("* " + rule).value().start);
  std::vector<std::string> out;
  const auto take = [&](const std::optional<FileLine>& event) {
    if (event) out.push_back(event->text + "@" + std::to_string(event->end));
  };
  for (const auto& line : lines) {
    for (auto& one : cutter.feed(line + "\n")) take(joiner.add(std::move(one)));
  }
  take(joiner.finish());
  return out;
}

}  // namespace

TEST_CASE("lines end where they end, however their bytes come") {
  const std::string bytes = "one\r\n\ntwo\n\r\nthree";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    LineCutter cutter(7);
    std::vector<FileLine> lines;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      for (auto& line : cutter.feed(std::string_view(bytes).substr(at, piece))) lines.push_back(std::move(line));
    }
    CHECK(texts(lines) == std::vector<std::string>{"one", "", "two", ""});
    CHECK(lines[0].end == 12);
    CHECK(lines[2].end == 17);
    CHECK(cutter.offset() == 7 + bytes.size());
    CHECK(cutter.finish().value().text == "three");
    CHECK_FALSE(cutter.finish().has_value());
  }
}

TEST_CASE("a long line is cut and says how long it was; a hole of NULs is skipped") {
  LineCutter cutter(0);
  for (int i = 0; i < 10; ++i) CHECK(cutter.feed(std::string(1 << 20, 'x')).empty());
  auto lines = cutter.feed("\nnext\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].text.size() == kMaxMessageBytes);
  CHECK(lines[0].bytes == 10 << 20);
  CHECK(lines[1].text == "next");
  CHECK(cutter.feed(std::string(1 << 20, '\0')).empty());
  CHECK_FALSE(cutter.has_partial());
  CHECK(texts(cutter.feed("after\n")) == std::vector<std::string>{"after"});
}

TEST_CASE("without a rule each line is an event, without empty ones") {
  CHECK(events_of({"a", "", " b"}, "") == std::vector<std::string>{"a@102", " b@106"});
}

TEST_CASE("lines are joined from one that fits the rule to the next") {
  CHECK(events_of({"2026 error", "  at x", "", "  at y", "2026 fine", "2026 also"}, "^\\d{4} ") ==
        std::vector<std::string>{"2026 error\n  at x\n\n  at y@126", "2026 fine@136", "2026 also@146"});
  // What comes before the first one is an event too.
  CHECK(events_of({"  at z", "2026 x"}, "^2026") == std::vector<std::string>{"  at z@107", "2026 x@114"});
}

TEST_CASE("an expression that never fits loses nothing") {
  std::vector<std::string> lines;
  for (int i = 0; i < 1000; ++i) lines.push_back(std::string(999, static_cast<char>('a' + i % 26)));
  std::string all;
  for (const auto& event : events_of(lines, "^never")) {
    const auto text = event.substr(0, event.find('@'));
    CHECK(text.size() <= kMaxMessageBytes);
    all += text + "\n";
  }
  std::string expected;
  for (const auto& line : lines) expected += line + "\n";
  CHECK(all == expected);
}

TEST_CASE("rules that say nothing are refused") {
  CHECK(parse_multiline_rule("/var/log/*.log ^\\d{4}-\\d\\d-\\d\\d").value().glob == "/var/log/*.log");
  for (const char* bad : {"", "*", "* ", " ^x", "* (", "* (?=x)"}) CHECK_FALSE(parse_multiline_rule(bad).has_value());
  CHECK_FALSE(parse_multiline_rule("* " + std::string(1025, 'x')).has_value());
}

TEST_CASE("positions are texts that know their file again") {
  const std::string head(600, 'h');
  const auto position = position_at(1000, head);
  CHECK(parse_file_position(position.to_text()) == position);
  CHECK(position.fits(head, 1000));
  CHECK_FALSE(position.fits(head, 999));
  CHECK_FALSE(position.fits("H" + head, 1000));
  // What came behind the position since does not matter.
  CHECK(position_at(3, "abcdef").fits("abcxyz", 6));
  CHECK(position_at(0, "abc").fits("xyz", 3));
  for (const char* bad : {"", "1", "1-1", "1-1-", "-1-1-1", "1-2-0", "1000-513-0", "1-1-xyz", "1-1-1x"})
    CHECK_FALSE(parse_file_position(bad).has_value());
  CHECK(file_key("/var/log", 7) == "file:/var/log:7");
  CHECK(file_key(std::string(4000, 'x'), 7).size() < 100);
  CHECK(is_compressed_name("x.log.2.gz"));
  CHECK_FALSE(is_compressed_name("gz.log"));
}
