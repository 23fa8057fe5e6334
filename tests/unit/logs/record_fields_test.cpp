#include "logs/record_fields.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

using namespace p2p;
using namespace p2p::logs;

namespace {

/// With everything in it that a terminal or a parser could stumble over.
ParsedRecord awkward() {
  ParsedRecord out;
  LogRecord& record = out.record;
  record.timestamp = WallTime{std::chrono::nanoseconds{1767323045123456789}};  // 2026-01-02T03:04:05.123456789Z
  record.node_id = "worker-1";
  record.epoch = 7;
  record.seq = 8;
  record.level = LogLevel::error;
  record.logger_name = "Service.disk";
  record.message = "disk \"a\\b\" =\nfull \x1b[2J\xc2\x9b";
  record.attrs = R"({"n":1})";
  out.cursor = "9f86d081884c7d65-12";
  return out;
}

LineLook hours_east(int hours) {
  LineLook look;
  look.zone = [hours](WallTime) { return std::chrono::hours{hours}; };
  return look;
}

/// Relative luminance of a colour of xterm's cube (WCAG 2.1; 6 x 6 x 6 from number 16 on).
double luminance(int number) {
  const int steps[] = {0, 95, 135, 175, 215, 255};
  const auto linear = [](int value) {
    const double c = value / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const int n = number - 16;
  return 0.2126 * linear(steps[n / 36]) + 0.7152 * linear(steps[n / 6 % 6]) + 0.0722 * linear(steps[n % 6]);
}

}  // namespace

TEST_CASE("logfmt quotes what is not plain, and nothing in it reaches a terminal") {
  CHECK(format_logfmt(awkward(), {}) ==
        "timestamp=2026-01-02T03:04:05.123Z node_id=worker-1 epoch=7 seq=8 level=ERROR logger_name=Service.disk "
        R"(message="disk \"a\\b\" =\nfull \u001b[2J\u009b" attrs="{\"n\":1}" cursor=9f86d081884c7d65-12)");
  ParsedRecord empty = awkward();
  empty.record.message.clear();
  CHECK(format_logfmt(empty, {}).find(R"( message="" )") != std::string::npos);
  // Forged pairs stay within the quotes of their own value.
  ParsedRecord forged = awkward();
  forged.record.logger_name = "a level=INFO";
  CHECK(format_logfmt(forged, {}).find(R"(logger_name="a level=INFO")") != std::string::npos);
}

TEST_CASE("a template picks fields, and shows them escaped") {
  const auto picked = LineTemplate::parse("{timestamp}|{level} {{{node_id}}} {message}{line}");
  REQUIRE(picked.has_value());
  CHECK(picked->format(awkward(), {}) ==
        R"(2026-01-02T03:04:05.123Z|ERROR {worker-1} disk "a\b" =\nfull \x1b[2J\xc2\x9b)");
  CHECK(picked->format(awkward(), hours_east(-3)).starts_with("2026-01-02T00:04:05.123-03:00|"));
  for (const std::string_view name : record_field_names())
    CHECK_MESSAGE(LineTemplate::parse("{" + std::string(name) + "}").has_value(), name);
}

TEST_CASE("a wrong template says what is wrong with it") {
  const auto error_of = [](std::string_view text) {
    const auto parsed = LineTemplate::parse(text);
    return parsed ? std::string("none") : parsed.error().context;
  };
  CHECK(error_of("{mesage}") == R"(there is no field "mesage"; did you mean "message"?)");
  CHECK(error_of("{}") == R"(there is no field "")");
  CHECK(error_of("{message").find("without its \"}\"") != std::string::npos);
  CHECK(error_of("message}").find("without its \"{\"") != std::string::npos);
  CHECK(error_of("") == "the template is empty");
  CHECK(error_of("{\x1b}").find('\x1b') == std::string::npos);
}

TEST_CASE("nodes keep their colour, which can be read on black and on white") {
  std::set<std::string> colours;
  for (int i = 0; i < 1000; ++i) {
    const std::string colour = colour_of_node("worker-" + std::to_string(i));
    CHECK(colour == colour_of_node("worker-" + std::to_string(i)));
    colours.insert(colour);
  }
  CHECK(colours.size() >= 10);
  for (const std::string& colour : colours) {
    REQUIRE(colour.starts_with("\x1b[38;5;"));
    const double light = luminance(std::stoi(colour.substr(7)));
    CHECK_MESSAGE((light + 0.05) / 0.05 >= 3, colour);
    CHECK_MESSAGE(1.05 / (light + 0.05) >= 3, colour);
  }
}
