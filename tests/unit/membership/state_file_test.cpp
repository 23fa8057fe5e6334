#include "membership/state_file.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

SavedState state() {
  SavedState out;
  out.incarnation = 9;
  out.nodes.push_back({signed_by(worker("b"), record_of("b", 3)), NodeStatus::alive, after(seconds{5}).wall});
  out.nodes.push_back({signed_by(worker("c"), record_of("c", 1)), NodeStatus::dead, WallTime{}});
  out.tombstones.push_back({"d", {{4, 77}, 12, after(seconds{9}).wall, false}});
  out.bulletins.push_back({"crl:01", std::make_shared<const Bytes>(to_bytes("a list"))});
  return out;
}

}  // namespace

TEST_CASE("the state survives its encoding") {
  const LoadedState loaded = decode_state(encode_state(state(), "a"), "a");
  CHECK(loaded.complaints.empty());
  CHECK(loaded.state.incarnation == 9);
  REQUIRE(loaded.state.nodes.size() == 2);
  CHECK(loaded.state.nodes[0].signed_record == state().nodes[0].signed_record);
  CHECK(loaded.state.nodes[0].last_seen == after(seconds{5}).wall);
  CHECK(loaded.state.nodes[1].status == NodeStatus::dead);
  CHECK(loaded.state.nodes[1].last_seen == WallTime{});
  REQUIRE(loaded.state.tombstones.size() == 1);
  CHECK(loaded.state.tombstones[0].first == "d");
  CHECK(loaded.state.tombstones[0].second.version == RecordVersion{4, 77});
  CHECK(loaded.state.tombstones[0].second.until == after(seconds{9}).wall);
  REQUIRE(loaded.state.bulletins.size() == 1);
  CHECK(loaded.state.bulletins[0].kind == "crl:01");
  CHECK(*loaded.state.bulletins[0].content == to_bytes("a list"));
}

TEST_CASE("an empty file was damaged, and says so") {
  const LoadedState loaded = decode_state("", "a");
  CHECK(loaded.complaints.size() == 1);
  CHECK(loaded.state.incarnation == 0);
}

TEST_CASE("a state written before there were bulletins is whole") {
  Json object = parse_json(encode_state(state(), "a")).value();
  object.erase("bulletins");
  const LoadedState loaded = decode_state(dump_json(object), "a");
  CHECK(loaded.complaints.empty());
  CHECK(loaded.state.nodes.size() == 2);
}

TEST_CASE("damage is told, and what is whole is kept") {
  Json object = parse_json(encode_state(state(), "a")).value();
  object["nodes"][0]["signature"] = "not base64 !";
  object["tombstones"][0]["hash"] = "x";
  object["bulletins"][0]["kind"] = "No Kind";
  const LoadedState loaded = decode_state(dump_json(object), "a");
  CHECK(loaded.complaints.size() == 3);
  CHECK(loaded.state.incarnation == 9);
  REQUIRE(loaded.state.nodes.size() == 1);
  CHECK(loaded.state.nodes[0].signed_record == state().nodes[1].signed_record);
  CHECK(loaded.state.tombstones.empty());
  CHECK(loaded.state.bulletins.empty());
}

TEST_CASE("every truncation of the file starts empty and says so") {
  const std::string whole = encode_state(state(), "a");
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    const LoadedState loaded = decode_state(std::string_view(whole).substr(0, size), "a");
    CHECK(loaded.complaints.size() == 1);
    CHECK(loaded.state.nodes.empty());
  }
}

TEST_CASE("the file of another node, of another version or of another kind gives nothing") {
  CHECK(decode_state(encode_state(state(), "b"), "a").complaints.size() == 1);
  CHECK(decode_state(R"({"version":2,"node_id":"a"})", "a").complaints.size() == 1);
  CHECK(decode_state("[]", "a").complaints.size() == 1);
  CHECK(decode_state(encode_state(state(), "b"), "a").state.nodes.empty());
  CHECK(decode_state(R"({"version":1,"node_id":"a"})", "a").complaints.size() == 3);
}
