#include "rpc/json_scan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/random.hpp"

namespace p2p::rpc {
namespace {

bool accepted(std::string_view text) { return check_json(text).empty(); }

/// A number with an exponent of three digits or more, which may exceed a double.
bool has_large_exponent(const std::string& text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (std::size_t i = 1; i < text.size(); ++i) {
    const std::size_t from = i + 1 < text.size() && text[i + 1] == '+' ? i + 2 : i + 1;
    if ((text[i] == 'e' || text[i] == 'E') && digit(i - 1) && digit(from) && digit(from + 1) && digit(from + 2)) {
      return true;
    }
  }
  return false;
}

/// The two differences from parse_json that json_scan.hpp names, and its tolerance of a byte order mark.
bool judged_differently(const std::string& text, const std::string& reason) {
  return reason.find("duplicate member") != std::string::npos || text.starts_with("\xEF\xBB\xBF") ||
         has_large_exponent(text);
}

std::string mutate(std::string text, Random& random) {
  static const std::string kBytes = std::string("{}[]\",:\\u0123456789.-+eEtrufalsn \n\t\r\x01\x7f") + '\0' +
                                    "\x80\xBF\xC0\xC3\xA9\xE2\x82\xAC\xED\xA0\xF0\x9F\x98\x80\xF4\xF5\xFF";
  for (auto count = 1 + random.below(3); count > 0; --count) {
    const std::size_t at = random.below(text.size() + 1);
    const char byte = kBytes[random.below(kBytes.size())];
    switch (random.below(4)) {
      case 0: text.insert(at, 1, byte); break;
      case 1: text.erase(at, 1 + random.below(3)); break;
      case 2:
        if (at < text.size()) text[at] = byte;
        break;
      default: text.insert(at, text.substr(random.below(text.size() + 1), random.below(12)));
    }
  }
  return text;
}

TEST_CASE("the members of an object are sliced as they were sent, those before a flaw too") {
  std::string seen;
  const auto note = [&](std::string_view key, std::string_view raw) {
    seen.append(key).append("=").append(raw).append(";");
  };
  CHECK(for_each_member(R"( { "a" : 1.50 , "\u0062":{"x": [ ]}, "c":"d" } )", note).empty());
  CHECK(seen == R"(a=1.50;b={"x": [ ]};c="d";)");
  seen.clear();
  CHECK(for_each_member("{}", note).empty());
  CHECK(seen.empty());
  for (const char* text : {R"({"a":1,"b":2)", R"({"a":1,"b":2}x)", R"({"a":1,"b":2,"c":tru})"}) {
    CAPTURE(text);
    seen.clear();
    CHECK_FALSE(for_each_member(text, note).empty());
    CHECK(seen == "a=1;b=2;");
  }
  for (const char* text : {"", "[]", "1", "{\"a\"}"}) CHECK_FALSE(for_each_member(text, note).empty());
}

TEST_CASE("the grammar of RFC 8259 is accepted") {
  for (const char* text : {"0", "-0", "-0.0e-0", "1E+2", "123456789012345678901234567890", "\"\"", "\"\\u0041\\n\\/\"",
                           "[]", "{}", " [ 1 , 2 ] ", "{\"a\":{\"b\":[null,true,false]}}",
                           "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", "\"\\ud83d\\ude00\"", "\"\x7f\""}) {
    CAPTURE(text);
    CHECK(accepted(text));
  }
}

TEST_CASE("what is not JSON is refused") {
  for (const char* text : {"",
                           " ",
                           "01",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "1e+",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "nul",
                           "truefalse",
                           "'a'",
                           "\"a",
                           "\"\\x41\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ude00\"",
                           "\"\\ud83d\\u0041\"",
                           "\"\t\"",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:1}",
                           "[1]]",
                           "{}{}",
                           "[1}",
                           "{\"a\":1]",
                           "// c\n1",
                           "[1] x",
                           "\xEF\xBB\xBF[]",
                           "\"\x80\"",
                           "\"\xC0\xAF\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xF5\x80\x80\x80\"",
                           "\"\xE2\x82\""}) {
    CAPTURE(text);
    CHECK_FALSE(accepted(text));
  }
  CHECK_FALSE(accepted(std::string_view("[1]\0", 4)));
  CHECK_FALSE(accepted(std::string_view("\"a\0b\"", 5)));
}

TEST_CASE("nesting ends at 64 levels, however deep the text goes") {
  CHECK(accepted(std::string(64, '[') + std::string(64, ']')));
  CHECK_FALSE(accepted(std::string(65, '[') + std::string(65, ']')));
  CHECK(check_json(std::string(10'000, '[')) == "nested deeper than 64");
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += "{\"a\":";
  CHECK(check_json(objects) == "nested deeper than 64");
}

TEST_CASE("the scanner and the parser of base agree on mutated documents") {
  const std::vector<std::string> seeds = {
      R"({"jsonrpc":"2.0","method":"a.b","params":{"x":[1,-2.50,"\u00e9\ud83d\ude00"],"y":null},"id":"1"})",
      R"([{"a":true},{"b":false},[],{},"",0,-0.1])",
      "[\"\xC3\xA9\", \"\xE2\x82\xAC\", \"\xF0\x9F\x98\x80\", \"\\\\ \\\" \\b\\f\\n\\r\\t\"]",
      R"({"deep":[[[[[[[[[[[[{"a":[1,2,3]}]]]]]]]]]]]]})",
  };
  SeededRandom random(20260101);
  int compared = 0;
  for (int round = 0; round < 40'000; ++round) {
    const std::string text = mutate(seeds[random.below(seeds.size())], random);
    const auto parsed = parse_json(text);
    if (parsed.has_value() == accepted(text)) {
      ++compared;
      continue;
    }
    if (!parsed && judged_differently(text, parsed.error().context)) continue;
    CAPTURE(text);
    FAIL_CHECK("accepted by only one of the two");
  }
  CHECK(compared > 38'000);
}

TEST_CASE("strings are decoded and encoded") {
  CHECK(decode_json_string(R"("a\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00")") == "a\"\\/\b\f\n\r\tA\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(encode_json_string("a\"\n\x01") == R"("a\"\n\u0001")");
}

}  // namespace
}  // namespace p2p::rpc
