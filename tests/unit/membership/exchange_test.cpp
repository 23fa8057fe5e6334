#include "membership/exchange.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "membership/message_codec.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

void fill(Machine& machine, int first, int last, std::uint64_t incarnation = 1, std::size_t extra_services = 0) {
  for (int i = first; i < last; ++i) {
    Record record = record_of("node-" + std::to_string(i), incarnation);
    for (std::size_t s = 0; s < extra_services; ++s) {
      record.services.push_back({"service-" + std::to_string(s), std::string(200, 'v')});
    }
    machine.push(carried(signed_by(worker(record.node_id), record)), milliseconds{0});
  }
}

}  // namespace

TEST_CASE("after an exchange both sides hold the same, whoever began it") {
  Machine a(worker("a")), b(worker("b"));
  fill(a, 0, 60);
  fill(b, 40, 100);
  fill(a, 45, 50, 2);
  fill(b, 50, 55, 3);
  CHECK(exchange(a, b, seconds{1}) == 2);
  CHECK(a.self.registry().nodes().size() == 102);
  CHECK(a.self.registry().buckets() == b.self.registry().buckets());
  for (const auto& [node_id, node] : a.self.registry().nodes()) {
    CAPTURE(node_id);
    CHECK(b.self.registry().find(node_id)->checked->hash == node.checked->hash);
    CHECK(b.status_of(node_id) == NodeStatus::alive);
  }
}

TEST_CASE("equal sides part after one round trip and send no record") {
  Machine a(worker("a")), b(worker("b"));
  fill(a, 0, 50);
  exchange(a, b, seconds{1});
  CHECK(exchange(a, b, seconds{2}) == 1);
  CHECK(exchange(b, a, seconds{2}) == 1);
}

TEST_CASE("what does not fit into a page follows in the next") {
  Machine a(worker("a")), b(worker("b"));
  fill(a, 0, 90, 1, 100);  // about 23 KB each: four pages
  fill(b, 100, 160, 1, 100);
  CHECK(exchange(a, b, seconds{1}) > 4);
  CHECK(a.self.registry().nodes().size() == 152);
  CHECK(a.self.registry().buckets() == b.self.registry().buckets());
}

TEST_CASE("a certificate that the other side has is not sent again") {
  Machine a(worker("a")), b(worker("b"));
  fill(a, 0, 1);
  exchange(a, b, seconds{1});
  fill(a, 0, 1, 2);
  fill(a, 7, 8);
  auto exchange = a.self.begin_exchange("b", after(seconds{2}));
  const auto diff = b.self.receive(worker("a"), exchange.request(), after(seconds{2})).value();
  const auto pull = std::get<PullMessage>(exchange.take_answer(diff, after(seconds{2})).value().value());
  REQUIRE(pull.records.size() == 2);
  for (const auto& record : pull.records) {
    const bool is_known = decode_record(record.signed_record->record).value().node_id == "node-0";
    CHECK(record.with_certificate == !is_known);
  }
  // Nothing is lost by it: b still checks the new record with the certificate that it holds.
  const auto answer = b.self.receive(worker("a"), decode_message(encode_message(pull)).value(), after(seconds{2}));
  CHECK(std::get<RecordsMessage>(answer.value()).records.empty());
  CHECK(b.self.registry().find("node-0")->checked->record.incarnation == 2);
}

TEST_CASE("forged records change nothing and are told once") {
  Machine a(worker("a"));
  const Record stolen = record_of("victim", 5);
  auto forged = carried(signed_by(worker("mallory"), stolen));
  auto changed = std::make_shared<SignedRecord>(signed_by(worker("victim"), stolen));
  changed->record = encode_record(record_of("victim", 6));
  const auto receive = [&] {
    return a.self.receive(worker("mallory"), PullMessage{kCluster, {forged, {changed, true, 1, {}}}, {}},
                          after(seconds{1}));
  };
  CHECK(receive().has_value());
  CHECK(a.self.registry().find("victim") == nullptr);
  int told = 0;
  for (const auto& event : a.self.take_actions().events) told += event.kind == EventKind::refused;
  CHECK(told == 2);
  CHECK(receive().has_value());
  for (const auto& event : a.self.take_actions().events) CHECK(event.kind != EventKind::refused);
}

TEST_CASE("a worker's certificate makes a worker, whatever its record says") {
  Machine a(worker("a"));
  Record boastful = record_of("climber", 1);
  boastful.capabilities = {"coordinator"};
  a.push(carried(signed_by(worker("climber"), boastful)), milliseconds{0});
  CHECK(a.self.registry().find("climber")->checked->role == pki::Role::worker);
}

TEST_CASE("operators, foreign clusters and messages out of turn are turned away") {
  Machine a(worker("a"));
  const auto kind_of = [&](const pki::Identity& peer, const Message& message) {
    const auto answer = a.self.receive(peer, message, after(seconds{1}));
    return answer ? std::optional<Errc>() : std::optional(answer.error().kind());
  };
  CHECK(kind_of({kCluster, pki::Role::operator_, "alice"}, DigestMessage{kCluster, {}, {}}) == Errc::not_permitted);
  CHECK(kind_of({"shop", pki::Role::worker, "b"}, DigestMessage{kCluster, {}, {}}) == Errc::not_permitted);
  CHECK(kind_of(worker("b"), DigestMessage{"shop", {}, {}}) == Errc::not_permitted);
  CHECK(kind_of(worker("b"), DiffMessage{}) == Errc::invalid);
  CHECK(kind_of(worker("b"), PushMessage{}) == Errc::invalid);
  auto exchange = a.self.begin_exchange("b", after(seconds{1}));
  CHECK(exchange.take_answer(RecordsMessage{}, after(seconds{1})).error().kind() == Errc::damaged);
}

TEST_CASE("a peer that lists what it will not send is given up") {
  Machine a(worker("a"));
  DiffMessage lies;
  lies.covered.set();
  for (int i = 0; i < 9000; ++i) lies.listing.push_back({"ghost-" + std::to_string(i), 1, 1, 1});
  auto exchange = a.self.begin_exchange("b", after(seconds{1}));
  const auto pull = exchange.take_answer(lies, after(seconds{1})).value().value();
  CHECK(std::get<PullMessage>(pull).wanted.size() == kMaxWanted);
  CHECK_FALSE(exchange.take_answer(RecordsMessage{}, after(seconds{1})).value().has_value());
}

TEST_CASE("heartbeats of a large fleet are bounded, one's own always among them") {
  Machine a(worker("zz-last"));
  fill(a, 0, 1500);
  const auto heartbeats = heartbeats_of(a.self.registry(), after(seconds{1}));
  CHECK(heartbeats.size() == kMaxHeartbeats);
  CHECK(heartbeats.back().node_id == "zz-last");
}
