#include "base/rfc3339.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono;

namespace {

WallTime at(std::int64_t seconds_since_1970, std::int64_t nanoseconds_more = 0) {
  return WallTime{seconds{seconds_since_1970} + nanoseconds{nanoseconds_more}};
}

}  // namespace

TEST_CASE("dates are written in UTC with the digits asked for") {
  // Seconds by `date -u -d 2026-01-02T03:04:05Z +%s`.
  const WallTime time = at(1767323045, 120'000'009);
  CHECK(format_rfc3339(time) == "2026-01-02T03:04:05.120000009Z");
  CHECK(format_rfc3339(time, 6) == "2026-01-02T03:04:05.120000Z");
  CHECK(format_rfc3339(time, 3) == "2026-01-02T03:04:05.120Z");
  CHECK(format_rfc3339(time, 0) == "2026-01-02T03:04:05Z");
  CHECK(format_rfc3339(at(-1, 999'999'999)) == "1969-12-31T23:59:59.999999999Z");
}

TEST_CASE("the examples of RFC 3339 section 5.8 are read") {
  CHECK(parse_rfc3339("1985-04-12T23:20:50.52Z").value() == at(482196050, 520'000'000));
  CHECK(parse_rfc3339("1996-12-19T16:39:57-08:00").value() == parse_rfc3339("1996-12-20T00:39:57Z").value());
  CHECK(parse_rfc3339("1937-01-01T12:00:27.87+00:20").value() == at(-1041337173, 870'000'000));
  // Leap seconds: read as the second before.
  CHECK(parse_rfc3339("1990-12-31T23:59:60Z").value() == parse_rfc3339("1990-12-31T23:59:59Z").value());
  CHECK(parse_rfc3339("1990-12-31T15:59:60-08:00").value() == parse_rfc3339("1990-12-31T23:59:59Z").value());
}

TEST_CASE("case, fraction and offset may vary") {
  const WallTime same = at(1767323045);
  for (const std::string text :
       {"2026-01-02t03:04:05z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05.000000000Z",
        "2026-01-02T08:34:05+05:30", "2026-01-02T03:04:05-00:00"}) {
    CAPTURE(text);
    CHECK(parse_rfc3339(text).value() == same);
  }
}

TEST_CASE("what is not a date is refused") {
  for (const std::string text : {"",
                                 "2026",
                                 "2026-01-02",
                                 "2026-01-02T03:04Z",
                                 "2026-01-02T03:04:05",
                                 "2026-1-02T03:04:05Z",
                                 "2026-02-29T00:00:00Z",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-01T00:00:00Z",
                                 "2026-01-32T00:00:00Z",
                                 "2026-01-02T24:00:00Z",
                                 "2026-01-02T03:60:05Z",
                                 "2026-01-02T03:04:61Z",
                                 "2026-01-02T03:04:05.Z",
                                 "2026-01-02T03:04:05.1234567890Z",
                                 "2026-01-02T03:04:05+0530",
                                 "2026-01-02T03:04:05+24:00",
                                 "2026-01-02T03:04:05Z ",
                                 " 2026-01-02T03:04:05Z",
                                 "2026-01-02T03:04:05ZZ",
                                 "+026-01-02T03:04:05Z",
                                 "1677-12-31T00:00:00Z",
                                 "2262-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK(parse_rfc3339(text).has_error());
  }
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z").has_value());
}

TEST_CASE("the refusal shows the text without what could drive a terminal") {
  CHECK(parse_rfc3339("20\x1b[2J").error().context == R"("20\x1b[2J" is not an RFC 3339 date)");
}

TEST_CASE("an offset does not lead out of the range") {
  CHECK(parse_rfc3339("2261-12-31T23:59:59-23:00").has_error());
  CHECK(parse_rfc3339("1678-01-01T00:00:00+23:00").has_error());
  CHECK(parse_rfc3339("2261-12-31T23:59:59+23:00").has_value());
}

TEST_CASE("the ends of the range survive a round trip") {
  for (const std::string text : {"1678-01-01T00:00:00.000000000Z", "2261-12-31T23:59:59.999999999Z"}) {
    CHECK(format_rfc3339(parse_rfc3339(text).value()) == text);
  }
}
