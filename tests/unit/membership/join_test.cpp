#include <doctest/doctest.h>

#include "fixture.hpp"
#include "membership/membership.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

JoinMessage join_of(const std::string& node_id, std::uint64_t incarnation, std::uint64_t instance,
                    const std::string& address = "10.0.0.9:8001") {
  Record record = record_of(node_id, incarnation);
  record.instance = instance;
  record.addresses = {address};
  return {kCluster, carried(signed_by(worker(node_id), record))};
}

JoinedMessage accepted(Machine& hub, const JoinMessage& join, const std::string& from, milliseconds time) {
  return std::get<JoinedMessage>(hub.self.receive_join(worker(from), join, after(time)).value());
}

JoinProbe probed(Machine& hub, const JoinMessage& join, milliseconds time) {
  return std::get<JoinProbe>(hub.self.receive_join(worker("w"), join, after(time)).value());
}

bool let_in(const Result<JoinDecision>& decision) {
  return decision && std::holds_alternative<JoinedMessage>(*decision);
}

}  // namespace

TEST_CASE("a join is pushed to all links at once and answered with the coordinator's own record") {
  Machine hub(coordinator("hub"));
  hub.self.link_up("w1", after(seconds{0}));
  hub.self.take_actions();
  const auto joined = accepted(hub, join_of("w2", 1, 1), "w2", seconds{1});
  CHECK(joined.exceed == 0);
  CHECK(decode_record(joined.record.signed_record->record).value().node_id == "hub");
  CHECK(hub.status_of("w2") == NodeStatus::alive);
  const Actions actions = hub.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(actions.pushes[0].links == std::vector<std::string>{"w1"});
  CHECK(actions.pushes[0].message->records.at(0).with_certificate);
}

TEST_CASE("a node that lost its state is told which incarnation to exceed, and starts above it") {
  Machine hub(coordinator("hub"));
  hub.push(carried(signed_by(worker("w"), record_of("w", 40))), seconds{0}, "w");
  hub.self.dial_back_ended("w", false, after(seconds{1}));
  Machine lost(worker("w"));
  const auto joined = accepted(hub, lost.self.join_request(after(seconds{2})), "w", seconds{2});
  CHECK(joined.exceed == 40);
  REQUIRE(lost.self.join_answered(joined, "coordinator.example:8001", after(seconds{2})).has_value());
  CHECK(lost.incarnation() == 41);
  const Actions actions = lost.self.take_actions();
  REQUIRE(actions.exchanges.size() == 1);
  CHECK(actions.exchanges[0].addresses == std::vector<std::string>{"coordinator.example:8001"});
}

TEST_CASE("of two different records with one incarnation the joiner's gives way, whatever their hashes") {
  // A node that lost its state may arrive at the very incarnation that is known; either hash may be the larger one.
  for (const char* address : {"10.0.0.2:8001", "10.0.0.3:8001", "10.0.0.4:8001", "10.0.0.5:8001", "10.0.0.6:8001"}) {
    Machine hub(coordinator("hub"));
    accepted(hub, join_of("w", 2, 111), "w", seconds{0});
    hub.self.dial_back_ended("w", false, after(seconds{1}));
    hub.self.take_actions();
    CHECK(accepted(hub, join_of("w", 2, 222, address), "w", seconds{2}).exceed == 2);
    CHECK_FALSE(has_event(hub.self.take_actions(), EventKind::conflict, "w"));
    CHECK(hub.status_of("w") == NodeStatus::alive);
  }
}

TEST_CASE("a forgotten node that kept its incarnation is told to raise it") {
  Machine hub(coordinator("hub"));
  hub.push(join_of("w", 5, 1).record, seconds{0}, "w");
  REQUIRE(hub.self.forget("w", false, after(seconds{1})).has_value());
  CHECK(accepted(hub, join_of("w", 5, 1), "w", seconds{2}).exceed == 5);
  CHECK(accepted(hub, join_of("w", 6, 1), "w", seconds{3}).exceed == 0);
  CHECK(hub.status_of("w") == NodeStatus::alive);
}

TEST_CASE("the second process with a name is refused while the first answers, both addresses named") {
  Machine hub(coordinator("hub"));
  accepted(hub, join_of("w", 1, 111, "10.0.0.1:8001"), "w", seconds{0});
  hub.self.link_up("w", after(seconds{0}));
  const JoinMessage second = join_of("w", 2, 222, "10.0.0.2:8001");
  const auto decision = hub.self.receive_join(worker("w"), second, after(seconds{1})).value();
  const auto probe = std::get<JoinProbe>(decision);
  CHECK(probe.holder.instance == 111);
  CHECK(probe.holder.addresses == std::vector<std::string>{"10.0.0.1:8001"});
  SUBCASE("the first answers") {
    const auto refused = hub.self.finish_join(worker("w"), second, probe, true, after(seconds{1}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind() == Errc::exists);
    CHECK(refused.error().context.find("10.0.0.1:8001") != std::string::npos);
    CHECK(refused.error().context.find("10.0.0.2:8001") != std::string::npos);
    CHECK(hub.self.registry().find("w")->checked->record.instance == 111);
    CHECK(has_event(hub.self.take_actions(), EventKind::conflict, "w"));
  }
  SUBCASE("the first is gone") {
    CHECK(let_in(hub.self.finish_join(worker("w"), second, probe, false, after(seconds{1}))));
    CHECK(hub.self.registry().find("w")->checked->record.instance == 222);
  }
}

TEST_CASE("of two twins that ask at once, the second is measured against the first") {
  Machine hub(coordinator("hub"));
  accepted(hub, join_of("w", 1, 111, "10.0.0.1:8001"), "w", seconds{0});
  // Both take over from a process that died unnoticed. With their state they come above its incarnation; without it
  // they are told to, and until they have done so the registry shows the dead one.
  std::uint64_t incarnation = 0;
  SUBCASE("with their state") { incarnation = 2; }
  SUBCASE("without their state") { incarnation = 1; }
  const JoinMessage first = join_of("w", incarnation, 222, "10.0.0.2:8001");
  const JoinMessage second = join_of("w", incarnation, 333, "10.0.0.3:8001");
  const JoinProbe of_first = probed(hub, first, seconds{1}), of_second = probed(hub, second, seconds{1});
  CHECK(let_in(hub.self.finish_join(worker("w"), first, of_first, false, after(seconds{2}))));
  const auto again = hub.self.finish_join(worker("w"), second, of_second, false, after(seconds{2}));
  const JoinProbe of_winner = std::get<JoinProbe>(again.value());
  CHECK(of_winner.holder.instance == 222);
  CHECK(of_winner.holder.addresses == std::vector<std::string>{"10.0.0.2:8001"});
  const auto refused = hub.self.finish_join(worker("w"), second, of_winner, true, after(seconds{3}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == Errc::exists);
  CHECK(refused.error().context.find("10.0.0.2:8001") != std::string::npos);
  // One that comes later is measured against the winner too, which itself may ask again.
  CHECK(probed(hub, join_of("w", 5, 444), seconds{4}).holder.instance == 222);
  accepted(hub, first, "w", seconds{4});
}

TEST_CASE("a twin that was let in and died leaves the name to the next") {
  Machine hub(coordinator("hub"));
  accepted(hub, join_of("w", 1, 111), "w", seconds{0});
  const JoinMessage first = join_of("w", 1, 222), second = join_of("w", 1, 333);
  const JoinProbe of_first = probed(hub, first, seconds{1});
  CHECK(let_in(hub.self.finish_join(worker("w"), first, of_first, false, after(seconds{1}))));
  const JoinProbe of_second = probed(hub, second, seconds{2});
  CHECK(of_second.holder.instance == 222);
  CHECK(let_in(hub.self.finish_join(worker("w"), second, of_second, false, after(seconds{2}))));
  CHECK(probed(hub, join_of("w", 1, 444), seconds{3}).holder.instance == 333);
  // The name is kept for one that does not come back for so long, not for ever.
  hub.self.dial_back_ended("w", false, after(seconds{40}));
  accepted(hub, join_of("w", 1, 555), "w", seconds{40});
}

TEST_CASE("the same process joins again without a probe, and so does one whose predecessor was found gone") {
  Machine hub(coordinator("hub"));
  accepted(hub, join_of("w", 1, 111), "w", seconds{0});
  accepted(hub, join_of("w", 1, 111), "w", seconds{1});
  hub.self.dial_back_ended("w", false, after(seconds{2}));
  accepted(hub, join_of("w", 2, 222), "w", seconds{3});
  CHECK(hub.status_of("w") == NodeStatus::alive);
}

TEST_CASE("joins that are not right change nothing") {
  Machine hub(coordinator("hub")), other(worker("other"));
  const auto kind_of = [&](Machine& machine, const pki::Identity& peer, const JoinMessage& join) {
    const auto decision = machine.self.receive_join(peer, join, after(seconds{1}));
    REQUIRE_FALSE(decision.has_value());
    return decision.error().kind();
  };
  CHECK(kind_of(hub, worker("mallory"), join_of("w", 1, 1)) == Errc::not_permitted);
  CHECK(kind_of(hub, {kCluster, pki::Role::operator_, "alice"}, join_of("alice", 1, 1)) == Errc::not_permitted);
  CHECK(kind_of(other, worker("w"), join_of("w", 1, 1)) == Errc::invalid);
  JoinMessage foreign = join_of("w", 1, 1);
  foreign.cluster_name = "shop";
  CHECK(kind_of(hub, worker("w"), foreign) == Errc::not_permitted);
  JoinMessage forged = join_of("w", 1, 1);
  forged.record = carried(signed_by(worker("mallory"), record_of("w", 1)));
  CHECK(kind_of(hub, worker("w"), forged) == Errc::not_permitted);
  CHECK(hub.self.registry().nodes().size() == 1);
}

TEST_CASE("an answer that does not come from a coordinator is not believed") {
  Machine machine(worker("w"));
  const JoinedMessage answer{99, carried(signed_by(worker("mallory"), record_of("mallory", 1)))};
  CHECK(machine.self.join_answered(answer, "10.0.0.6:8001", after(seconds{1})).error().kind() == Errc::not_permitted);
  CHECK(machine.incarnation() == 1);
}

TEST_CASE("a worker asks at once and then ever less often until it has joined") {
  Machine machine(worker("w"));
  std::vector<milliseconds> attempts;
  for (milliseconds time{0}; time < seconds{200}; time += milliseconds{10}) {
    machine.run_until(time);
    if (machine.self.take_actions().join) attempts.push_back(time);
  }
  REQUIRE(attempts.size() > 6);
  CHECK(attempts[0] == milliseconds{0});
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    const auto gap = attempts[i] - attempts[i - 1];
    const milliseconds wanted = std::min(seconds{30}, seconds{1 << std::min<std::size_t>(i - 1, 5)});
    CHECK(gap >= wanted * 8 / 10 - milliseconds{10});
    CHECK(gap <= wanted * 12 / 10 + milliseconds{10});
  }
  const auto answer = carried(signed_by(coordinator("hub"), record_of("hub", 1)));
  REQUIRE(machine.self.join_answered({0, answer}, "coordinator.example:8001", after(seconds{200})).has_value());
  machine.self.take_actions();
  machine.run_until(seconds{400});
  CHECK_FALSE(machine.self.take_actions().join.has_value());
}

TEST_CASE("a refused node keeps silent until it is accepted") {
  Machine machine(worker("w"));
  machine.run_until(seconds{0});
  machine.self.take_actions();
  machine.self.join_refused(Error(Errc::exists, "the name w is in use"));
  machine.run_until(seconds{100});
  Actions actions = machine.self.take_actions();
  CHECK(actions.exchanges.empty());
  CHECK(actions.join.has_value());
  const auto answer = carried(signed_by(coordinator("hub"), record_of("hub", 1)));
  REQUIRE(machine.self.join_answered({0, answer}, "coordinator.example:8001", after(seconds{100})).has_value());
  machine.run_until(seconds{130});
  CHECK_FALSE(machine.self.take_actions().exchanges.empty());
}
