#include "addresses/loss.hpp"

#include "network.hpp"

namespace p2p::addresses {
namespace {

Network network_with_two_links() {
  Network network;
  network.link("eth0");
  network.address("eth0", "192.168.1.100/24");
  network.default_route("eth0", "192.168.1.1");
  network.link("eth1");
  network.address("eth1", "fe80::b/64");
  return network;
}

}  // namespace

TEST_CASE("a link that goes takes its addresses and routes along") {
  Network network = network_with_two_links();
  const int index = network.at("eth0").index;
  CHECK(lose_link(network.inventory, index));
  CHECK(network.inventory.link("eth0") == nullptr);
  CHECK_FALSE(network.inventory.owns(ip("192.168.1.100")));
  for (const Route& route : network.inventory.routes) CHECK(route.link != index);
  CHECK(network.inventory.link("eth1") != nullptr);
  CHECK_FALSE(lose_link(network.inventory, index));
}

TEST_CASE("an address goes from its link alone, whatever the notice says of its lifetime") {
  Network network = network_with_two_links();
  Address gone = network.inventory.addresses.back();
  gone.address = gone.address.without_zone();
  gone.is_tentative = true;
  Address elsewhere = gone;
  elsewhere.link = network.at("eth0").index;
  CHECK_FALSE(lose_address(network.inventory, elsewhere));
  CHECK(lose_address(network.inventory, gone));
  CHECK_FALSE(network.inventory.owns(ip("fe80::b")));
  CHECK_FALSE(lose_address(network.inventory, gone));
}

TEST_CASE("a route goes by all that it is") {
  Network network = network_with_two_links();
  Route gone = network.inventory.routes.back();
  gone.metric += 1;
  CHECK_FALSE(lose_route(network.inventory, gone));
  gone.metric -= 1;
  CHECK(lose_route(network.inventory, gone));
}

TEST_CASE("a link that stops is a loss, one that starts is not") {
  Network network = network_with_two_links();
  Link now = network.at("eth0");
  CHECK_FALSE(lose_by_state(network.inventory, now));
  now.has_carrier = false;
  CHECK(lose_by_state(network.inventory, now));
  CHECK_FALSE(network.at("eth0").is_running());
  CHECK_FALSE(lose_by_state(network.inventory, now));
  now.has_carrier = true;
  CHECK_FALSE(lose_by_state(network.inventory, now));
  CHECK_FALSE(network.at("eth0").is_running());
  now.index = 99;
  now.has_carrier = false;
  CHECK_FALSE(lose_by_state(network.inventory, now));
}

TEST_CASE("what can no longer be sent from is lost: gone, or on a link that does not run") {
  const Network before = network_with_two_links();
  CHECK(lost_addresses(before.inventory, before.inventory).empty());
  Network after = before;
  after.at("eth1").is_up = false;
  lose_address(after.inventory, after.inventory.addresses[2]);
  after.address("eth0", "192.168.1.101/24");
  CHECK(lost_addresses(before.inventory, after.inventory) == std::vector{ip("192.168.1.100"), ip("fe80::b%eth1")});
  // Also by another link it can be sent from.
  after = before;
  after.at("eth0").has_carrier = false;
  after.link("eth2");
  after.address("eth2", "192.168.1.100/24");
  CHECK(lost_addresses(before.inventory, after.inventory).empty());
}

}  // namespace p2p::addresses
