#include "addresses/classify.hpp"

#include "network.hpp"

namespace p2p::addresses {
namespace {

std::string class_of(const Network& network, const std::string& name) {
  const auto verdicts = classify(network.inventory);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    CHECK_FALSE(verdicts[i].reason.empty());
    if (network.inventory.links[i].name == name) return std::string(to_text(verdicts[i].link_class));
  }
  return {};
}

}  // namespace

TEST_CASE("the kind decides, not the name") {
  struct Row {
    const char *name, *kind, *expected;
  };
  for (const Row& row : {Row{"eth0", "wireguard", "vpn"},
                         {"docker0", "", "lan"},
                         {"x0", "tun", "vpn"},
                         {"tun0", "tap", "container"},
                         {"x0", "ipip", "vpn"},
                         {"x0", "gre", "vpn"},
                         {"x0", "sit", "vpn"},
                         {"x0", "vti", "vpn"},
                         {"x0", "xfrm", "vpn"},
                         {"x0", "ppp", "vpn"},
                         {"eth1", "veth", "container"},
                         {"x0", "macvlan", "container"},
                         {"x0", "ipvlan", "container"},
                         {"x0", "vxlan", "container"},
                         {"x0", "bridge", "container"},
                         {"x0", "wwan", "lan"},
                         {"tun0", "bond", "lan"}}) {
    CAPTURE(row.name);
    CAPTURE(row.kind);
    Network network;
    network.link(row.name, row.kind);
    CHECK(class_of(network, row.name) == row.expected);
  }
  CHECK(class_of(Network(), "lo") == "loopback");
}

TEST_CASE("the name decides where the kernel says neither kind nor bus") {
  struct Row {
    const char *name, *expected;
  };
  for (const Row& row : {Row{"docker0", "container"},
                         {"br-1a2b3c", "container"},
                         {"virbr1", "container"},
                         {"cni0", "container"},
                         {"tun3", "vpn"},
                         {"wg-home", "vpn"},
                         {"tailscale0", "vpn"},
                         {"eth0", "lan"},
                         {"enp3s0", "lan"}}) {
    CAPTURE(row.name);
    Network network;
    network.link(row.name).has_parent_device = false;
    CHECK(class_of(network, row.name) == row.expected);
  }
  Network network;
  Link& line = network.link("sl0");
  line.has_parent_device = false;
  line.is_point_to_point = true;
  CHECK(class_of(network, "sl0") == "vpn");
}

TEST_CASE("a bridge is what its ports are") {
  Network network;
  network.link("br0", "bridge");
  network.link("tap0", "tap");
  network.port("tap0", "br0");
  CHECK(class_of(network, "br0") == "container");
  network.link("eth0");
  network.port("eth0", "br0");
  CHECK(class_of(network, "br0") == "lan");
}

TEST_CASE("a bridge of Open vSwitch has its card at the datapath's device") {
  Network network;
  network.link("ovs-system", "openvswitch");
  network.link("br-ex", "openvswitch");
  network.link("br-int", "openvswitch");
  CHECK(class_of(network, "br-ex") == "container");
  network.link("eth0");
  network.port("eth0", "ovs-system");
  CHECK(class_of(network, "br-ex") == "lan");
}

TEST_CASE("bond, team and vlan are what lies below") {
  Network network;
  network.link("veth0", "veth");
  network.link("veth0.5", "vlan");
  network.lower("veth0.5", "veth0");
  network.link("bond0", "bond");
  network.port("veth0.5", "bond0");
  CHECK(class_of(network, "bond0") == "container");
  CHECK(class_of(network, "veth0.5") == "container");
}

TEST_CASE("links that are below each other come to an end") {
  Network network;
  network.link("a", "vlan");
  network.link("b", "vlan");
  network.lower("a", "b");
  network.lower("b", "a");
  CHECK(class_of(network, "a") == "lan");
  network.link("c", "bridge");
  network.link("d", "bridge");
  network.port("c", "d");
  network.port("d", "c");
  CHECK(class_of(network, "c") == "container");
}

TEST_CASE("the only default route makes a veth the way out, a second one does not") {
  Network network;
  network.link("eth0", "veth");
  network.link("eth1", "veth");
  network.default_route("eth0", "172.17.0.1");
  CHECK(class_of(network, "eth0") == "lan");
  CHECK(class_of(network, "eth1") == "container");
  network.default_route("eth1", "172.18.0.1");
  CHECK(class_of(network, "eth0") == "container");
}

TEST_CASE("a tunnel with the only default route stays a tunnel") {
  Network network;
  network.link("tun0", "tun");
  network.default_route("tun0");
  CHECK(class_of(network, "tun0") == "vpn");
}

}  // namespace p2p::addresses
