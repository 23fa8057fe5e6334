// Whole fleets on the virtual network: what the operator sees.
#include <doctest/doctest.h>

#include "../../sim/world.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;
using std::chrono::minutes;

namespace {

/// The default intervals, on a network that loses nothing.
sim::WorldSettings calm(int nodes) {
  sim::WorldSettings out;
  out.node_count = nodes;
  out.loss = out.replays = 0;
  out.undialable_share = 0;
  return out;
}

/// How many of the others list it so.
int listing(sim::World& world, int node, NodeStatus status) {
  int out = 0;
  for (int i = 0; i < world.count(); ++i) {
    if (i == node || !world.is_up(i)) continue;
    const Node* known = world.machine(i).registry().find(world.name_of(node));
    out += known != nullptr && known->status == status;
  }
  return out;
}

void start_all(sim::World& world) {
  for (int i = 0; i < world.count(); ++i) world.start(i);
}

}  // namespace

TEST_CASE("a fleet of twenty knows itself within seconds of its start") {
  sim::World world(calm(20));
  start_all(world);
  world.run_until(seconds{3});
  CHECK(world.difference() == std::nullopt);
}

TEST_CASE("a killed worker is suspected, then dead, at the configured times; its restart is alive within a second") {
  sim::WorldSettings settings = calm(10);
  settings.membership.max_gossip_targets = 2;  // less than a message a second: the intervals settle at 5 s
  sim::World world(settings);
  start_all(world);
  world.run_until(minutes{20});
  world.kill(3);
  world.run_until(minutes{20} + seconds{1});
  CHECK(world.machine(0).registry().find(world.name_of(3))->status == NodeStatus::suspected);
  CHECK(listing(world, 3, NodeStatus::alive) == 8);
  world.run_until(minutes{20} + seconds{31});
  CHECK(listing(world, 3, NodeStatus::suspected) == 9);
  world.run_until(minutes{20} + seconds{61});
  CHECK(listing(world, 3, NodeStatus::dead) == 9);
  bool keeps_state = true;
  SUBCASE("with its state") {}
  SUBCASE("without its state") { keeps_state = false; }
  if (!keeps_state) world.forget_state(3);
  world.start(3);
  world.run_until(minutes{20} + seconds{62});
  CHECK(listing(world, 3, NodeStatus::alive) == 9);
}

TEST_CASE("a restart within the second is alive everywhere at once, also when nobody noticed the death") {
  sim::World world(calm(10));
  start_all(world);
  world.run_until(seconds{60});
  world.kill(3);
  world.start(3);
  world.run_until(seconds{61});
  CHECK(listing(world, 3, NodeStatus::alive) == 9);
  const auto own = world.machine(3).registry().find(world.name_of(3))->checked->record.incarnation;
  for (int i = 0; i < 10; ++i) {
    CHECK(world.machine(i).registry().find(world.name_of(3))->checked->record.incarnation == own);
  }
}

TEST_CASE("a goodbye is known everywhere within a second") {
  sim::World world(calm(10));
  start_all(world);
  world.run_until(seconds{60});
  world.leave(4);
  world.run_until(seconds{61});
  CHECK(listing(world, 4, NodeStatus::left) == 9);
}

TEST_CASE("a changed service is known everywhere within a second") {
  sim::World world(calm(10));
  start_all(world);
  world.run_until(seconds{60});
  world.set_services(5, {{"disk", "9.9"}});
  world.run_until(seconds{61});
  for (int i = 0; i < 10; ++i) {
    CHECK(world.machine(i).registry().find(world.name_of(5))->checked->record.services.at(0).version == "9.9");
  }
}

TEST_CASE("a coordinator that lost everything learns the fleet again, and the fleet forgets nobody") {
  sim::World world(calm(10));
  start_all(world);
  world.run_until(seconds{60});
  world.kill(0);
  world.forget_state(0);
  world.run_until(seconds{65});
  world.start(0);
  world.run_until(seconds{90});
  CHECK(world.difference() == std::nullopt);
}

TEST_CASE("workers that nobody can dial are full members") {
  sim::WorldSettings settings = calm(10);
  settings.undialable_share = 1;
  sim::World world(settings);
  start_all(world);
  world.run_until(minutes{20});
  CHECK(world.difference() == std::nullopt);
  CHECK(world.machine(0).view()->find(world.name_of(3))->dialable == false);
}

TEST_CASE("sides that forgot each other find each other again") {
  sim::World world(calm(12));
  start_all(world);
  world.run_until(seconds{60});
  world.partition([](int node) { return node < 6 ? 0 : 1; });
  world.run_until(minutes{15});
  CHECK(world.machine(7).registry().find(world.name_of(1)) == nullptr);
  world.heal();
  world.run_until(minutes{16});
  CHECK(world.difference() == std::nullopt);
}
