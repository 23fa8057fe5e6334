// Small fleets for the tests of membership: fake keys, real machines, a clock that is turned by hand.
#pragma once

#include <doctest/doctest.h>

#include "../../sim/fake_signing.hpp"
#include "membership/membership.hpp"
#include "membership/message_codec.hpp"

namespace p2p::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline const std::string kCluster = "p2p";

inline pki::Identity worker(const std::string& name) { return {kCluster, pki::Role::worker, name}; }
inline pki::Identity coordinator(const std::string& name) { return {kCluster, pki::Role::coordinator, name}; }

/// A moment so long after the beginning, on both clocks.
inline membership::Instant after(milliseconds time) {
  return {Monotonic{std::chrono::hours{1} + time}, WallTime{seconds{1'800'000'000} + time}};
}

inline membership::Record record_of(const std::string& node_id, std::uint64_t incarnation) {
  membership::Record out;
  out.node_id = node_id;
  out.incarnation = incarnation;
  out.addresses = {node_id + ".example:8001"};
  out.services = {{"disk", "1.0"}, {"journal", "2.1"}};
  out.version = "0.1.0";
  out.started_at = WallTime{seconds{1'799'999'000}};
  out.instance = 42;
  return out;
}

inline membership::SignedRecord signed_by(const pki::Identity& signer, const membership::Record& record) {
  membership::SignedRecord out;
  out.record = membership::encode_record(record);
  out.certificate = sim::fake_certificate(signer);
  out.signature = sim::fake_signature(out.certificate, membership::signed_text(kCluster, out.record));
  return out;
}

inline membership::CarriedRecord carried(const membership::SignedRecord& record, std::uint64_t heartbeat = 1) {
  return {std::make_shared<membership::SignedRecord>(record), true, heartbeat, milliseconds{0}};
}

struct Checking {
  sim::FakeVerifier verifier;
  membership::RecordChecker checker{kCluster, verifier, sim::sha256};

  membership::CheckedRecordPtr checked(const membership::Record& record, pki::Role role = pki::Role::worker) {
    return checker.check(signed_by({kCluster, role, record.node_id}, record), after(milliseconds{0}).wall).value();
  }
};

/// One machine with the default settings, started at the time 0.
struct Machine {
  Checking checking;
  sim::FakeSigner signer;
  SeededRandom random{7};
  membership::Membership self;

  explicit Machine(const pki::Identity& identity, const membership::SavedState& saved = {})
      : signer(identity),
        self(settings(), facts(identity.name), identity.role, signer, checking.checker, random, saved,
             after(milliseconds{0}), sim::check_fake_bulletin) {
    REQUIRE(self.start(after(milliseconds{0})).has_value());
  }

  static membership::Settings settings() {
    membership::Settings out;
    out.coordinator_addresses = {"coordinator.example:8001"};
    return out;
  }
  static membership::SelfFacts facts(const std::string& name) {
    return {name, {name + ".example:8001"}, {{"disk", "1.0"}}, {}, "0.1.0", after(milliseconds{0}).wall, 7, {}};
  }
  std::uint64_t incarnation() const { return self.registry().find(self.self().node_id)->checked->record.incarnation; }
  membership::NodeStatus status_of(const std::string& node_id) const {
    const auto* node = self.registry().find(node_id);
    REQUIRE(node != nullptr);
    return node->status;
  }
  void push(const membership::CarriedRecord& record, milliseconds time, const std::string& from = "coordinator") {
    REQUIRE(self.receive_push(coordinator(from), {{record}, {}}, after(time)).has_value());
  }
  /// Ticks at every wakeup until `time`.
  void run_until(milliseconds time) {
    while (self.next_wakeup() <= after(time).monotonic) {
      const auto since = std::chrono::ceil<milliseconds>(self.next_wakeup() - after(milliseconds{0}).monotonic);
      self.tick(after(std::max(now, since)));
      now = std::max(now, since);
    }
    now = time;
  }
  milliseconds now{0};
};

/// One whole exchange that `from` begins, over the wire's codec; how many requests it took.
inline int exchange(Machine& from, Machine& to, milliseconds time) {
  auto exchange = from.self.begin_exchange(to.self.self().node_id, after(time));
  const pki::Identity identity{kCluster, from.self.role(), from.self.self().node_id};
  int round_trips = 0;
  for (std::optional<membership::Message> request = exchange.request(); request; ++round_trips) {
    const Bytes sent = membership::encode_message(*request);
    CHECK(sent.size() <= membership::kMaxMessageBytes);
    const auto answer = to.self.receive(identity, membership::decode_message(sent).value(), after(time)).value();
    const Bytes answered = membership::encode_message(answer);
    CHECK(answered.size() <= membership::kMaxMessageBytes);
    request = exchange.take_answer(membership::decode_message(answered).value(), after(time)).value();
  }
  return round_trips;
}

inline bool has_event(const membership::Actions& actions, membership::EventKind kind, const std::string& node_id) {
  for (const auto& event : actions.events) {
    if (event.kind == kind && event.node_id == node_id) return true;
  }
  return false;
}

}  // namespace p2p::test
