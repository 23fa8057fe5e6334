#include "logs/wire.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "logs/cbor.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

LogRecord record(std::uint64_t seq, std::string message) {
  LogRecord out;
  out.timestamp = WallTime{std::chrono::nanoseconds{-5}};
  out.seq = seq;
  out.level = LogLevel::error;
  out.logger_name = "Gossip";
  out.message = std::move(message);
  return out;
}

Bytes records_message(const LogRecord& one, const Gap& gap) {
  Bytes items = encode_item(one);
  const Bytes second = encode_item(gap);
  items.insert(items.end(), second.begin(), second.end());
  return encode_records("worker-1", 2, items);
}

}  // namespace

TEST_CASE("integers are encoded as RFC 8949 appendix A says") {
  const auto hex = [](std::int64_t value) {
    Bytes out;
    CborWriter(out).integer(value);
    return to_hex(out);
  };
  CHECK(hex(23) == "17");
  CHECK(hex(24) == "1818");
  CHECK(hex(1000) == "1903e8");
  CHECK(hex(1000000) == "1a000f4240");
  CHECK(hex(1000000000000) == "1b000000e8d4a51000");
  CHECK(hex(-1) == "20");
  CHECK(hex(-1000) == "3903e7");
  CHECK(hex(INT64_MIN) == "3b7fffffffffffffff");
}

TEST_CASE("messages are plain CBOR that another reader understands") {
  LogRecord full = record(7, "hello");
  full.trace_id = "abc";
  const auto json = parse_cbor(records_message(full, Gap{8, 12, {3, 2, 0, 0, 0}}));
  REQUIRE(json.has_value());
  CHECK(json->dump() == R"([1,"worker-1",[[0,7,-5,17,"Gossip","hello","","","",0,"abc"],[1,8,12,3,2,0,0,0]]])");
  CHECK(parse_cbor(encode_item(Gap{8, 12, {3, 0, 0, 0, 0}, 2}))->dump() == "[1,8,12,3,0,0,0,0,2]");
  CHECK(parse_cbor(encode(OpenMessage{"worker-1", 5, 6}))->dump() == R"([0,"worker-1",5,6])");
  CHECK(parse_cbor(encode(AckMessage{5, 6, true}))->dump() == "[2,5,6,true]");
}

TEST_CASE("records and gaps survive the trip") {
  LogRecord full = record(kMaxSeq, "text");
  full.attrs = "{}";
  full.module = "m";
  full.function = "f";
  full.line = UINT32_MAX;
  full.trace_id = "t";
  const Gap gap{1, 4, {1, 1, 1, 0, 0}, 1};
  const auto decoded = decode(records_message(full, gap));
  REQUIRE(decoded.has_value());
  const auto& message = std::get<RecordsMessage>(*decoded);
  CHECK(message.node_id == "worker-1");
  REQUIRE(message.items.size() == 2);
  CHECK(std::get<LogRecord>(message.items[0]) == full);
  CHECK(std::get<Gap>(message.items[1]) == gap);
  // Each shorter form too.
  for (int drop = 0; drop < 5; ++drop) {
    if (drop == 0) full.trace_id.clear();
    if (drop == 1) full.line = 0;
    if (drop == 2) full.function.clear();
    if (drop == 3) full.module.clear();
    if (drop == 4) full.attrs.clear();
    const auto again = decode(encode_records("n", 1, encode_item(full)));
    REQUIRE(again.has_value());
    CHECK(std::get<LogRecord>(std::get<RecordsMessage>(*again).items.at(0)) == full);
  }
}

TEST_CASE("what a later version appends is skipped") {
  const Json later = Json::array({1, "n",
                                  Json::array({Json::array({0, 9, 1, 17, "L", "m", "", "", "", 0, "", {{"x", 1}}}),
                                               Json::array({7, "unknown kind"})}),
                                  "more"});
  const auto decoded = decode(dump_cbor(later));
  REQUIRE(decoded.has_value());
  const auto& message = std::get<RecordsMessage>(*decoded);
  REQUIRE(message.items.size() == 1);
  CHECK(std::get<LogRecord>(message.items[0]).seq == 9);
}

TEST_CASE("a message cut at any byte, and any single changed byte, is refused or decodes within limits") {
  const Bytes whole = records_message(record(7, "hello"), Gap{8, 12, {3, 2, 0, 0, 0}});
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(decode(ByteView(whole).first(length)).has_value());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int flip = 1; flip < 256; flip <<= 1) {
      Bytes changed = whole;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      (void)decode(changed);  // no crash, no allocation beyond the input (asan)
    }
  }
}

TEST_CASE("lengths that lie do not allocate") {
  CHECK_FALSE(decode(*from_hex("830161619b7fffffffffffffff")).has_value());        // items: 2^63 - 1
  CHECK_FALSE(decode(*from_hex("83017b7fffffffffffffff")).has_value());            // text: 2^63 - 1 bytes
  CHECK_FALSE(decode(*from_hex("8400616101019bffffffffffffffff")).has_value());    // an appended array to skip
  CHECK_FALSE(decode(*from_hex("830161618182011b8000000000000000")).has_value());  // a gap that begins past kMaxSeq
  CHECK_FALSE(decode(*from_hex("8301616181880109080000000000")).has_value());      // a gap that ends before it begins
}
