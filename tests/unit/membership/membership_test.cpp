#include "membership/membership.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

CarriedRecord news(const std::string& node_id, std::uint64_t incarnation, std::uint64_t heartbeat = 1) {
  return carried(signed_by(worker(node_id), record_of(node_id, incarnation)), heartbeat);
}

void suspect(Machine& machine, std::uint64_t incarnation, milliseconds time) {
  REQUIRE(machine.self
              .receive_push(coordinator("coordinator"), {{}, {{machine.self.self().node_id, incarnation}}}, after(time))
              .has_value());
}

}  // namespace

TEST_CASE("a start is one incarnation above the saved one, and is saved at once") {
  SavedState saved;
  saved.incarnation = 41;
  Machine machine(worker("a"), saved);
  CHECK(machine.incarnation() == 42);
  CHECK(machine.self.take_actions().save_state);
  CHECK(machine.self.saved_state().incarnation == 42);
}

TEST_CASE("a changed fact or a new certificate raises the incarnation and goes out over the links at once") {
  Machine machine(worker("a"));
  machine.self.link_up("coordinator", after(seconds{1}));
  machine.self.take_actions();
  SelfFacts facts = Machine::facts("a");
  machine.self.set_self(facts, after(seconds{2}));
  CHECK(machine.incarnation() == 1);
  facts.services.push_back({"journal", "1.0"});
  machine.self.set_self(facts, after(seconds{2}));
  CHECK(machine.incarnation() == 2);
  Actions actions = machine.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(actions.pushes[0].links == std::vector<std::string>{"coordinator"});
  CHECK(decode_record(actions.pushes[0].message->records.at(0).signed_record->record).value().services.size() == 2);
  CHECK(actions.save_state);
  machine.signer.serial = 2;
  machine.self.certificate_changed(after(seconds{3}));
  CHECK(machine.incarnation() == 3);
  CHECK(machine.self.registry().find("a")->checked->signed_record.certificate == machine.signer.certificate());
}

TEST_CASE("a record that cannot be signed, or is past a limit, leaves the old one standing") {
  Machine machine(worker("a"));
  machine.signer.broken = true;
  machine.self.certificate_changed(after(seconds{1}));
  CHECK(machine.incarnation() == 1);
  CHECK(has_event(machine.self.take_actions(), EventKind::self, "a"));
  machine.signer.broken = false;
  SelfFacts facts = Machine::facts("a");
  facts.addresses.assign(65, "a:1");
  machine.self.set_self(facts, after(seconds{2}));
  CHECK(machine.incarnation() == 1);
}

TEST_CASE("hearing oneself suspected raises the incarnation, at most once a second") {
  Machine machine(worker("a"));
  suspect(machine, 1, seconds{10});
  machine.run_until(seconds{10});
  CHECK(machine.incarnation() == 2);
  suspect(machine, 1, milliseconds{10'100});  // old news
  machine.run_until(milliseconds{10'900});
  CHECK(machine.incarnation() == 2);
  suspect(machine, 2, milliseconds{10'900});
  machine.run_until(milliseconds{10'999});
  CHECK(machine.incarnation() == 2);
  machine.run_until(milliseconds{11'000});
  CHECK(machine.incarnation() == 3);
}

TEST_CASE("a heartbeat of ours that we never had is answered by a new incarnation") {
  Machine machine(worker("a"));
  DigestMessage digest{kCluster, {}, {{{"a", 1, ~std::uint64_t{0}, {}}}, {}}};
  REQUIRE(machine.self.receive(worker("b"), digest, after(seconds{1})).has_value());
  machine.run_until(seconds{1});
  CHECK(machine.incarnation() == 2);
}

TEST_CASE("a record of an earlier life is raised above") {
  Machine machine(worker("a"));
  machine.push(news("a", 17), seconds{1});
  machine.run_until(seconds{1});
  CHECK(machine.incarnation() == 18);
}

TEST_CASE("each round goes to a configured coordinator, alive or not, and to random others up to the limit") {
  Machine machine(worker("a"));
  for (int i = 0; i < 20; ++i) machine.push(news("node-" + std::to_string(i), 1), seconds{0});
  std::set<std::string> seen;
  for (int round = 0; round < 40; ++round) {
    machine.run_until(seconds{30 * round});
    for (int i = 0; i < 20; ++i) {
      machine.push(news("node-" + std::to_string(i), 1, static_cast<std::uint64_t>(round) + 2), seconds{30 * round});
    }
    machine.self.take_actions();
    std::vector<ExchangeTarget> targets;
    while (targets.empty()) {
      machine.run_until(machine.now + milliseconds{500});
      targets = machine.self.take_actions().exchanges;
    }
    REQUIRE(targets.size() == 5);
    CHECK(targets[0].node_id.empty());
    CHECK(targets[0].addresses == Machine::settings().coordinator_addresses);
    std::set<std::string> once;
    for (std::size_t i = 1; i < targets.size(); ++i) once.insert(targets[i].node_id);
    CHECK(once.size() == 4);
    seen.insert(once.begin(), once.end());
  }
  CHECK(seen.size() == 20);
}

TEST_CASE("nodes that did not answer are asked last") {
  Machine machine(coordinator("hub"));
  for (int i = 0; i < 8; ++i) machine.push(news("node-" + std::to_string(i), 1), seconds{0}, "w");
  for (int i = 0; i < 4; ++i) machine.self.exchange_failed("node-" + std::to_string(i), after(seconds{0}));
  machine.self.take_actions();
  machine.run_until(seconds{1});
  const auto targets = machine.self.take_actions().exchanges;
  REQUIRE(targets.size() == 5);
  int avoided = 0;
  for (const auto& target : targets) avoided += target.node_id < "node-4";
  CHECK(avoided == 1);
}

TEST_CASE("a coordinator passes what it learns to every link at once, and gathers in a storm") {
  Machine hub(coordinator("hub"));
  for (const char* name : {"w1", "w2", "w3"}) hub.self.link_up(name, after(seconds{0}));
  hub.self.take_actions();
  hub.push(news("w1", 1), seconds{1}, "w1");
  Actions first = hub.self.take_actions();
  REQUIRE(first.pushes.size() == 1);
  CHECK(first.pushes[0].links == std::vector<std::string>{"w1", "w2", "w3"});
  for (int i = 0; i < 30; ++i) hub.push(news("n" + std::to_string(i), 1), milliseconds{1001}, "w2");
  CHECK(hub.self.take_actions().pushes.empty());
  hub.run_until(milliseconds{1050});
  const Actions second = hub.self.take_actions();
  REQUIRE(second.pushes.size() == 1);
  CHECK(second.pushes[0].message->records.size() == 30);
  hub.push(news("w1", 1), seconds{2}, "w1");  // known already
  CHECK(hub.self.take_actions().pushes.empty());
}

TEST_CASE("a coordinator warns of another one; a worker may know several") {
  const auto hears_of_another = [](Machine machine) {
    const auto record = signed_by(coordinator("other"), record_of("other", 1));
    REQUIRE(machine.self.receive_push(coordinator("other"), {{carried(record, 1)}, {}}, after(seconds{1})).has_value());
    return has_event(machine.self.take_actions(), EventKind::conflict, "other");
  };
  CHECK(hears_of_another(Machine(coordinator("coordinator"))));
  CHECK_FALSE(hears_of_another(Machine(worker("a"))));
}

TEST_CASE("a broken link is dialled back; a refusal means suspected now and dead after the timeout") {
  Machine hub(coordinator("hub"));
  hub.push(news("w1", 1), seconds{0}, "w1");
  hub.self.link_up("w1", after(seconds{0}));
  hub.self.take_actions();
  hub.self.link_down("w1", after(seconds{10}));
  const Actions actions = hub.self.take_actions();
  REQUIRE(actions.dial_backs.size() == 1);
  CHECK(actions.dial_backs[0].node_id == "w1");
  CHECK(actions.dial_backs[0].addresses == std::vector<std::string>{"w1.example:8001"});
  CHECK(hub.status_of("w1") == NodeStatus::alive);
  hub.self.dial_back_ended("w1", false, after(seconds{10}));
  CHECK(hub.status_of("w1") == NodeStatus::suspected);
  hub.run_until(milliseconds{69'999});
  CHECK(hub.status_of("w1") == NodeStatus::suspected);
  hub.run_until(seconds{70});
  CHECK(hub.status_of("w1") == NodeStatus::dead);
}

TEST_CASE("a linked node that cannot be dialled is alive and known to be undialable") {
  Machine hub(coordinator("hub"));
  hub.push(news("w1", 1), seconds{0}, "w1");
  hub.self.link_up("w1", after(seconds{1}));
  REQUIRE(hub.self.take_actions().dial_backs.size() == 1);
  hub.self.dial_back_ended("w1", false, after(seconds{3}));
  CHECK(hub.status_of("w1") == NodeStatus::alive);
  CHECK(hub.self.view()->find("w1")->dialable == false);
  CHECK(hub.self.view()->find("w1")->linked);
}

TEST_CASE("a coordinator tells a linked node that it is doubted, once a second") {
  Machine hub(coordinator("hub"));
  hub.push(news("w1", 3), seconds{0}, "w1");
  hub.self.link_up("w1", after(seconds{0}));
  hub.self.take_actions();
  const DigestMessage doubt{kCluster, {}, {{}, {{"w1", 3}, {"w2", 1}}}};
  REQUIRE(hub.self.receive(worker("w9"), doubt, after(seconds{1})).has_value());
  const Actions actions = hub.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(actions.pushes[0].links == std::vector<std::string>{"w1"});
  CHECK(actions.pushes[0].message->suspicions == std::vector<Suspicion>{{"w1", 3}});
  REQUIRE(hub.self.receive(worker("w8"), doubt, after(milliseconds{1500})).has_value());
  CHECK(hub.self.take_actions().pushes.empty());
}

TEST_CASE("status is never adopted: a node heard as suspected by others stays what we think of it") {
  Machine machine(worker("a"));
  machine.push(news("b", 1), seconds{0});
  REQUIRE(
      machine.self.receive(worker("c"), DigestMessage{kCluster, {}, {{}, {{"b", 1}}}}, after(seconds{1})).has_value());
  CHECK(machine.status_of("b") == NodeStatus::alive);
}

TEST_CASE("leaving is said over the links and to a round of nodes, and is the last word") {
  Machine machine(worker("a"));
  machine.push(news("b", 1), seconds{0});
  machine.self.link_up("coordinator", after(seconds{0}));
  machine.self.take_actions();
  machine.self.leave(after(seconds{1}));
  const Actions actions = machine.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(decode_record(actions.pushes[0].message->records.at(0).signed_record->record).value().status ==
        RecordStatus::left);
  CHECK(actions.exchanges.size() == 2);
  CHECK(actions.save_state);
  suspect(machine, 2, seconds{2});
  machine.run_until(seconds{300});
  CHECK(machine.incarnation() == 2);
  CHECK(machine.self.take_actions().exchanges.empty());
}

TEST_CASE("a node under load is heard as often as a quiet one") {
  Machine hub(coordinator("hub"));
  const auto heartbeat = [&](milliseconds time) {
    const auto diff = hub.self.receive(worker("w"), DigestMessage{kCluster, {}, {}}, after(time)).value();
    return std::get<DiffMessage>(diff).signs.heartbeats.at(0);
  };
  hub.run_until(seconds{0});
  const auto first = heartbeat(seconds{1});
  CHECK(heartbeat(seconds{4}).counter == first.counter);
  CHECK(heartbeat(seconds{6}).counter == first.counter + 1);  // gossip_interval_min later
}

TEST_CASE("what the state file held is checked, and nothing in it is a sign of life") {
  Machine before(coordinator("hub"));
  before.push(news("b", 4), seconds{0});
  SavedState saved = before.self.saved_state();
  saved.nodes.push_back({signed_by(worker("mallory"), record_of("c", 1)), NodeStatus::alive, {}});
  Machine machine(coordinator("hub"), saved);
  CHECK(machine.status_of("b") == NodeStatus::suspected);
  CHECK(machine.self.registry().find("c") == nullptr);
  CHECK(has_event(machine.self.take_actions(), EventKind::refused, "hub"));
  machine.push(news("b", 4, 2), seconds{1}, "w");
  CHECK(machine.status_of("b") == NodeStatus::alive);
}

TEST_CASE("revocation takes a node off every list together with its incarnation") {
  Machine machine(worker("a"));
  machine.push(news("b", 4), seconds{0});
  machine.push(news("c", 4), seconds{0});
  machine.checking.verifier.revoked_name = "b";
  machine.self.recheck(after(seconds{1}));
  CHECK(machine.self.registry().find("b") == nullptr);
  CHECK(machine.self.registry().tombstones().empty());
  CHECK(machine.status_of("c") == NodeStatus::alive);
  machine.push(news("b", 5), seconds{2});
  CHECK(machine.self.registry().find("b") == nullptr);
}

TEST_CASE("forgetting names what it cannot find") {
  Machine hub(coordinator("hub"));
  CHECK(hub.self.forget("nobody", false, after(seconds{1})).error().kind() == Errc::not_found);
  hub.push(news("b", 4), seconds{0}, "b");
  CHECK(hub.self.forget("b", false, after(seconds{1})).has_value());
}
