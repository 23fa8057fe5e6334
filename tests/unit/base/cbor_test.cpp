#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace p2p;

namespace {

Result<Json> parse_hex(std::string_view hex) { return parse_cbor(from_hex(hex).value()); }

}  // namespace

TEST_CASE("the examples of RFC 8949 appendix A that have a JSON form are read") {
  const std::pair<std::string, const char*> vectors[] = {
      {"00", "0"},
      {"17", "23"},
      {"1818", "24"},
      {"1903e8", "1000"},
      {"1bffffffffffffffff", "18446744073709551615"},
      {"20", "-1"},
      {"3903e7", "-1000"},
      {"f93c00", "1.0"},
      {"fb3ff199999999999a", "1.1"},
      {"f4", "false"},
      {"f6", "null"},
      {"60", "\"\""},
      {"62c3bc61", nullptr},
      {"6449455446", "\"IETF\""},
      {"62c3bc", "\"\\u00fc\""},
      {"80", "[]"},
      {"83010203", "[1,2,3]"},
      {"8301820203820405", "[1,[2,3],[4,5]]"},
      {"a26161016162820203", R"({"a":1,"b":[2,3]})"},
      {"7f657374726561646d696e67ff", "\"streaming\""},
      {"9fff", "[]"},
      {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
      {"bf61610161629f0203ffff", R"({"a":1,"b":[2,3]})"},
  };
  for (const auto& [hex, json] : vectors) {
    CAPTURE(hex);
    const auto parsed = parse_hex(hex);
    if (json == nullptr) {
      CHECK(parsed.has_error());  // bytes after the item
    } else {
      REQUIRE(parsed.has_value());
      CHECK(*parsed == parse_json(json).value());
    }
  }
}

TEST_CASE("byte strings survive") {
  const auto parsed = parse_hex("4401020304");
  REQUIRE(parsed.has_value());
  CHECK(parsed->is_binary());
  CHECK(Bytes(parsed->get_binary()) == Bytes{1, 2, 3, 4});
  CHECK(parse_hex("5f42010243030405ff").value().get_binary().size() == 5);
}

TEST_CASE("a length beyond the input is refused without allocating it") {
  for (const std::string hex :
       {"9b7fffffffffffffff", "9affffffff", "bb7fffffffffffffff", "7b7fffffffffffffff", "5affffffff",
        "9bffffffffffffffff01ff", "bbffffffffffffffff616101ff", "61", "5a00000002ff"}) {
    CAPTURE(hex);
    CHECK(parse_hex(hex).has_error());
  }
}

TEST_CASE("nesting is limited, in containers and in chunked strings") {
  CHECK(parse_cbor(Bytes(1'000'000, 0x81)).has_error());
  CHECK(parse_cbor(Bytes(1'000'000, 0x9f)).has_error());
  CHECK(parse_cbor(Bytes(1'000'000, 0xa1)).has_error());
  CHECK(parse_cbor(Bytes(4'000'000, 0x7f)).has_error());
  CHECK(parse_cbor(Bytes(4'000'000, 0x5f)).has_error());
  CHECK(parse_cbor(Bytes(1'000'000, 0xc1)).has_error());
  Bytes fine(64, 0x81);
  fine.back() = 0x80;
  CHECK(parse_cbor(fine).has_value());
  fine.insert(fine.begin(), 0x81);
  CHECK(parse_cbor(fine).has_error());
}

TEST_CASE("chunks of a string are definite and of its own kind") {
  CHECK(parse_hex("7f7f6161ffff").has_error());
  CHECK(parse_hex("5f5f4101ffff").has_error());
  CHECK(parse_hex("7f4101ff").has_error());
  CHECK(parse_hex("5f6161ff").has_error());
  CHECK(parse_hex("7f6161").has_error());
}

TEST_CASE("torn, tagged, duplicated and wrongly typed input is refused") {
  for (const std::string hex :
       {"", "83", "830102", "a1", "a16161", "ff", "1c", "fc", "c074323031332d30332d32315432303a30343a30305a", "a10102",
        "a2616101616102", "61ff", "62c328"}) {
    CAPTURE(hex);
    CHECK(parse_hex(hex).has_error());
  }
}

TEST_CASE("CBOR that is written can be read back") {
  const Json value =
      parse_json(R"({"node_id":"worker-1","port":8001,"up":true,"ratio":0.25,"tags":[null,-5]})").value();
  CHECK(parse_cbor(dump_cbor(value)).value() == value);
}
