#include "membership/message_codec.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "fixture.hpp"
#include "membership/limits.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

DigestMessage digest() {
  DigestMessage out;
  out.cluster_name = kCluster;
  out.buckets[0] = 1;
  out.buckets[255] = ~std::uint64_t{0};
  out.signs.heartbeats = {{"worker-1", 3, 400, milliseconds{1500}}, {"worker-2", 1, 1, milliseconds{0}}};
  out.signs.suspicions = {{"worker-9", 2}};
  out.bulletins = {{"crl:01", 7}, {"roots", ~std::uint64_t{0}}};
  return out;
}

CarriedRecord one_record() { return carried(signed_by(worker("worker-1"), record_of("worker-1", 3)), 5); }

CarriedBulletin a_list() { return {"crl:01", std::make_shared<const Bytes>(to_bytes("a list"))}; }

template <class T>
T through(const T& message) {
  return std::get<T>(decode_message(encode_message(message)).value());
}

/// The message's map with one member replaced.
Result<Message> decode_with(const Message& message, const std::string& key, const Json& value) {
  Json object = parse_cbor(encode_message(message)).value();
  object[key] = value;
  return decode_message(dump_cbor(object));
}

void check_same(const CarriedRecord& a, const CarriedRecord& b) {
  CHECK(*a.signed_record == *b.signed_record);
  CHECK(a.heartbeat == b.heartbeat);
  CHECK(a.age == b.age);
}

}  // namespace

TEST_CASE("every message survives its encoding") {
  CHECK(through(digest()).buckets == digest().buckets);
  CHECK(through(digest()).signs == digest().signs);
  DiffMessage diff;
  diff.covered.set(7).set(255);
  diff.listing = {{"worker-1", 3, 0xabcdef, 17}, {"worker-2", 1, ~std::uint64_t{0}, 0}};
  CHECK(through(diff).covered == diff.covered);
  diff.bulletins = {{"crl:01", 0}};
  CHECK(through(digest()).bulletins == digest().bulletins);
  CHECK(through(diff).listing == diff.listing);
  CHECK(through(diff).bulletins == diff.bulletins);
  PullMessage pull{kCluster, {one_record()}, {{"worker-2", 9}}, {a_list()}, {{"roots", 3}}};
  CHECK(through(pull).wanted == pull.wanted);
  CHECK(through(pull).wanted_bulletins == pull.wanted_bulletins);
  CHECK(through(pull).contents.at(0).kind == "crl:01");
  CHECK(*through(pull).contents.at(0).content == *a_list().content);
  check_same(through(pull).records.at(0), one_record());
  check_same(through(RecordsMessage{{one_record()}, {a_list()}}).records.at(0), one_record());
  CHECK(*through(RecordsMessage{{}, {a_list()}}).contents.at(0).content == *a_list().content);
  check_same(through(JoinMessage{kCluster, one_record()}).record, one_record());
  CHECK(through(JoinedMessage{12, one_record()}).exceed == 12);
  const PushMessage push{{}, {{"worker-1", 4}}, {{"crl:01", 9}}, {a_list()}};
  CHECK(through(push).suspicions == push.suspicions);
  CHECK(through(push).bulletins == push.bulletins);
  CHECK(through(push).contents.size() == 1);
}

TEST_CASE("a record may leave its certificate at home") {
  CarriedRecord bare = one_record();
  bare.with_certificate = false;
  const auto arrived = through(RecordsMessage{{bare}}).records.at(0);
  CHECK_FALSE(arrived.with_certificate);
  CHECK(arrived.signed_record->certificate.empty());
  CHECK(arrived.signed_record->record == bare.signed_record->record);
}

TEST_CASE("an age is rounded up to tenths of a second, never down") {
  DigestMessage message = digest();
  message.signs.heartbeats[0].age = milliseconds{1501};
  CHECK(through(message).signs.heartbeats[0].age == milliseconds{1600});
}

TEST_CASE("members of a later version are ignored, an unknown type is unsupported") {
  CHECK(decode_with(digest(), "later", Json::array({1})).has_value());
  CHECK(decode_with(digest(), "type", "teleport").error().kind() == Errc::unsupported);
}

TEST_CASE("messages of nodes that know no bulletins are read, and write nothing that these would miss") {
  Json object = parse_cbor(encode_message(digest())).value();
  object.erase("bulletins");
  const auto older = decode_message(dump_cbor(object));
  REQUIRE(older.has_value());
  CHECK(std::get<DigestMessage>(*older).bulletins.empty());
  const Json plain = parse_cbor(encode_message(PullMessage{kCluster, {one_record()}, {}, {}, {}})).value();
  CHECK_FALSE(plain.contains("contents"));
  CHECK_FALSE(plain.contains("wanted_bulletins"));
}

TEST_CASE("wrong types and lengths are damaged") {
  const Message join = JoinMessage{kCluster, one_record()};
  const std::tuple<Message, const char*, Json> bad[] = {
      {digest(), "cluster", 5},
      {digest(), "cluster", "no/such"},
      {digest(), "buckets", "text"},
      {digest(), "buckets", Json::binary({1, 2, 3})},
      {digest(), "buckets", Json::binary({5, 0, 0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1})},
      {digest(), "heartbeats", Json::array({"worker-1", 1, 1})},
      {digest(), "heartbeats", Json::array({"worker-1", 1, -1, 0})},
      {digest(), "heartbeats", Json::array({"bad name", 1, 1, 0})},
      {digest(), "heartbeats", Json::object()},
      {digest(), "suspicions", nullptr},
      {digest(), "type", nullptr},
      {digest(), "bulletins", Json::array({"crl:01"})},
      {digest(), "bulletins", Json::array({"crl:01", -1})},
      {digest(), "bulletins", Json::array({"Not a kind", 1})},
      {digest(), "bulletins", "text"},
      {RecordsMessage{}, "contents", Json::array({"crl:01", "text"})},
      {join, "records", Json::array()},
      {join, "records", Json::array({1})},
      {join, "signatures", Json::array({Json::binary({1}), Json::binary({2})})},
      {join, "certificates", Json::array({"text"})},
      {join, "heartbeats_of", Json::array({1})},
  };
  for (const auto& [message, key, value] : bad) {
    CAPTURE(key);
    CAPTURE(value.dump());
    const auto result = decode_with(message, key, value);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind() == Errc::damaged);
  }
}

TEST_CASE("counts and sizes past a limit are too large") {
  Json suspicions = Json::array();
  for (std::size_t i = 0; i <= kMaxSuspicions; ++i) {
    suspicions.push_back("worker-1");
    suspicions.push_back(1);
  }
  CHECK(decode_with(digest(), "suspicions", suspicions).error().kind() == Errc::too_large);
  const Json huge = Json::array({Json::binary(Bytes(kMaxRecordBytes + 1))});
  CHECK(decode_with(RecordsMessage{{one_record()}}, "records", huge).error().kind() == Errc::too_large);
  const Json list = Json::array({"crl:01", Json::binary(Bytes(kMaxBulletinBytes + 1))});
  CHECK(decode_with(RecordsMessage{}, "contents", list).error().kind() == Errc::too_large);
  Json lines = Json::array();
  for (std::size_t i = 0; i <= kMaxBulletinLines; ++i) {
    lines.push_back("crl:01");
    lines.push_back(1);
  }
  CHECK(decode_with(digest(), "bulletins", lines).error().kind() == Errc::too_large);
  CHECK(decode_message(Bytes(kMaxMessageBytes + 1)).error().kind() == Errc::too_large);
}

TEST_CASE("every truncation of a message is damaged") {
  for (const Message& message :
       {Message(digest()), Message(PullMessage{kCluster, {one_record()}, {{"worker-2", 9}}})}) {
    const Bytes whole = encode_message(message);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(decode_message(ByteView(whole).first(size)).error().kind() == Errc::damaged);
    }
  }
}

TEST_CASE("deep nesting and enormous counts are refused without harm") {
  CHECK(decode_message(Bytes(500'000, 0x81)).error().kind() == Errc::damaged);
  for (const std::uint8_t kind : {0x5b, 0x7b, 0x9b, 0xbb}) {  // bytes, text, array, map of 2^60
    const Bytes promises = {kind, 0x10, 0, 0, 0, 0, 0, 0, 0};
    CHECK(decode_message(promises).error().kind() == Errc::damaged);
  }
}
