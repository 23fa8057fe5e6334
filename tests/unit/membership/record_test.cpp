#include "membership/record.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

/// The record's map with one member replaced, as another program might encode it.
Result<Record> decode_with(const std::string& key, const Json& value) {
  Json object = parse_cbor(encode_record(record_of("worker-1", 3))).value();
  object[key] = value;
  return decode_record(dump_cbor(object));
}

}  // namespace

TEST_CASE("a record survives its encoding, milliseconds of its start included") {
  Record record = record_of("worker-1", 3);
  record.addresses = {"10.0.0.1:8001", "[fd00::1]:8001"};
  record.capabilities = {"gpu"};
  record.dialable = false;
  record.roots = {"1f00", "2e11"};
  record.status = RecordStatus::left;
  CHECK(decode_record(encode_record(record)).value() == record);
}

TEST_CASE("the CBOR is the documented map") {
  const Json object = parse_cbor(encode_record(record_of("worker-1", 3))).value();
  CHECK(object["node_id"] == "worker-1");
  CHECK(object["incarnation"] == 3);
  CHECK(object["addresses"] == Json::array({"worker-1.example:8001"}));
  CHECK(object["services"][1] == Json({{"name", "journal"}, {"version", "2.1"}}));
  CHECK(object["started_at"] == 1'799'999'000'000);
  CHECK(object["status"] == "alive");
  CHECK_FALSE(object.contains("dialable"));
}

TEST_CASE("members of a later version are ignored") {
  CHECK(decode_with("zone", "attic").value() == record_of("worker-1", 3));
}

TEST_CASE("the signed text is the prefix, the cluster and the bytes, parted by NUL") {
  CHECK(to_text(signed_text("shop", to_bytes("xyz"))) == std::string("p2p-record/1\0shop\0xyz", 21));
}

TEST_CASE("a record past a limit is too large") {
  CHECK(decode_with("addresses", Json(65, "a:1")).error().kind() == Errc::too_large);
  CHECK(decode_with("services", Json(1025, {{"name", "a"}, {"version", "1"}})).error().kind() == Errc::too_large);
  CHECK(decode_with("capabilities", Json(257, "x")).error().kind() == Errc::too_large);
  CHECK(decode_with("roots", Json(9, "x")).error().kind() == Errc::too_large);
  CHECK(decode_record(Bytes(64 * 1024 + 1, 0)).error().kind() == Errc::too_large);
  CHECK(decode_with("addresses", Json(64, "a:1")).has_value());
}

TEST_CASE("a record that does not read is damaged") {
  const std::pair<const char*, Json> bad[] = {
      {"node_id", "no/such"},      {"node_id", 5},
      {"incarnation", 0},          {"incarnation", -1},
      {"incarnation", 1.5},        {"incarnation", (std::uint64_t{1} << 62) + 1},
      {"addresses", "a:1"},        {"addresses", Json::array({1})},
      {"addresses", {"a\x1b[2J"}}, {"addresses", Json::array({std::string(256, 'a')})},
      {"services", {"disk"}},      {"services", Json::array({{{"name", "a b"}, {"version", "1"}}})},
      {"started_at", "today"},     {"started_at", std::uint64_t{1} << 63},
      {"status", "dead"},          {"dialable", 1},
      {"version", Json::array()},  {"instance", "x"},
  };
  for (const auto& [key, value] : bad) {
    CAPTURE(key);
    CAPTURE(value.dump());
    const auto result = decode_with(key, value);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind() == Errc::damaged);
  }
}

TEST_CASE("every truncation of a record is damaged") {
  const Bytes whole = encode_record(record_of("worker-1", 3));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(decode_record(ByteView(whole).first(size)).error().kind() == Errc::damaged);
  }
}

TEST_CASE("deep nesting and enormous counts are refused without harm") {
  CHECK(decode_record(Bytes(60'000, 0x81)).error().kind() == Errc::damaged);
  const Bytes promises = {0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0};  // an array of 2^60
  CHECK(decode_record(promises).error().kind() == Errc::damaged);
}
