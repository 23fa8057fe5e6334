#include "base/json.hpp"

#include <doctest/doctest.h>

using namespace p2p;

namespace {

std::string nested(int depth, char open, char close) {
  return std::string(static_cast<std::size_t>(depth), open) + std::string(static_cast<std::size_t>(depth), close);
}

}  // namespace

TEST_CASE("JSON texts of RFC 8259 are read") {
  CHECK(parse_json(R"( {"a": [1, -2, 3.5, true, null, "\u00e9"]} )").value()["a"][5] == "\xc3\xa9");
  CHECK(parse_json("18446744073709551615").value().get<std::uint64_t>() == ~0ULL);
  CHECK(parse_json("-9223372036854775808").value().get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("\"\\u0000\"").value().get<std::string>() == std::string(1, '\0'));
}

TEST_CASE("what is not exactly one JSON text is refused") {
  for (const std::string text :
       {"",    " ",        "{",     "[1,]",  "{\"a\":1,}", "{a:1}",  "'a'",     "01",          "+1",  ".5",    "1.",
        "NaN", "Infinity", "1e999", "[1] 2", "// c\n1",    "\"\n\"", "\"\\x\"", "\"\\ud800\"", "tru", "\"open"}) {
    CAPTURE(text);
    const auto parsed = parse_json(text);
    CHECK(parsed.has_error());
    if (parsed.has_error()) CHECK(parsed.error().kind() == Errc::invalid);
  }
}

TEST_CASE("invalid UTF-8 is refused in values and in keys") {
  CHECK(parse_json("\"\xff\"").has_error());
  CHECK(parse_json("\"\xed\xa0\x80\"").has_error());
  CHECK(parse_json("{\"\xc0\x80\":1}").has_error());
}

TEST_CASE("a member that is there twice is refused and named") {
  const auto twice = parse_json(R"({"a":1,"b":{"a":2},"a":3})");
  REQUIRE(twice.has_error());
  CHECK(twice.error().context == R"(not valid JSON: duplicate member "a")");
  CHECK(parse_json(R"({"a":1,"b":{"a":2}})").has_value());
  CHECK(parse_json(R"([{"a":1},{"a":2}])").has_value());
  CHECK(parse_json(R"({"a":1,"\u0061":2})").has_error());
}

TEST_CASE("nesting of 64 is read, of 65 and of a million refused") {
  CHECK(parse_json(nested(64, '[', ']')).has_value());
  const auto deep = parse_json(nested(65, '[', ']'));
  REQUIRE(deep.has_error());
  CHECK(deep.error().context == "not valid JSON: nested deeper than 64");
  CHECK(parse_json(std::string(1'000'000, '[')).has_error());
  std::string objects;
  for (int i = 0; i < 500'000; ++i) objects += "{\"a\":";
  CHECK(parse_json(objects).has_error());
}

TEST_CASE("the error says where") {
  CHECK(parse_json("{\"a\" 1}").error().context == "not valid JSON: unexpected input at byte 6");
}

TEST_CASE("dumping never throws: bad UTF-8 becomes U+FFFD") {
  CHECK(dump_json(Json{{"a", "x\xff"}}) == "{\"a\":\"x\xef\xbf\xbd\"}");
  CHECK(dump_json(Json::array({1, nullptr, "\n"})) == R"([1,null,"\n"])");
}

TEST_CASE("members are found by name and type") {
  const Json object = parse_json(R"({"s":"text","n":7,"neg":-7,"f":7.0,"big":18446744073709551616})").value();
  CHECK(*find_string(object, "s") == "text");
  CHECK(find_string(object, "n") == nullptr);
  CHECK(find_string(object, "absent") == nullptr);
  CHECK(find_unsigned(object, "n") == 7);
  CHECK(find_unsigned(object, "neg") == std::nullopt);
  CHECK(find_unsigned(object, "f") == std::nullopt);
  CHECK(find_unsigned(object, "big") == std::nullopt);
  CHECK(find_unsigned(object, "s") == std::nullopt);
  CHECK(find_member(Json::array(), "s") == nullptr);
  // A value built in the program is signed, though it is not negative.
  CHECK(find_unsigned(Json{{"n", 7}}, "n") == 7);
  CHECK(find_unsigned(Json{{"n", -1}}, "n") == std::nullopt);
}
