// Networks as they are found, each with the address that others can use there and the rule by which that is known.
#include <algorithm>
#include <functional>
#include <vector>

#include "network.hpp"

namespace p2p::addresses {
namespace {

struct Topology {
  std::string name;
  std::function<void(Network&)> build;
  std::string expected;  ///< empty: none
  Rule rule = Rule::advertised;
};

void lan(Network& n) {
  n.link("eth0");
  n.address("eth0", "192.168.1.100/24");
  n.default_route("eth0", "192.168.1.1");
}

/// A coordinator on the Internet, to which the kernel sends by the LAN's router.
void remote_coordinator(Network& n) {
  n.coordinator("203.0.113.10");
  n.kernel_sends("203.0.113.10", "eth0", "192.168.1.100", "192.168.1.1");
}

void lan_and_tunnel(Network& n) {
  lan(n);
  n.link("tun0", "tun").oper_state = OperState::unknown;
  n.address("tun0", "10.8.0.5/24");
}

void docker_host(Network& n) {
  lan(n);
  n.link("docker0", "bridge");
  n.address("docker0", "172.17.0.1/16");
  n.link("veth12ab", "veth");
  n.port("veth12ab", "docker0");
}

const std::vector<Topology> kTopologies{
    {"one card and nothing else known", lan, "192.168.1.100", Rule::routed_private},
    {"the specification's scene, coordinator in the tunnel's network",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("10.8.0.1");
       n.kernel_sends("10.8.0.1", "tun0", "10.8.0.5");
       n.kernel_sends_from("192.168.1.100", "10.8.0.1", "tun0");
     },
     "10.8.0.5", Rule::same_subnet},
    {"the specification's scene, coordinator in the LAN",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "192.168.1.100", Rule::same_subnet},
    {"the coordinator has an address in both: the LAN does without a tunnel",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("10.8.0.1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("10.8.0.1", "tun0", "10.8.0.5");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "192.168.1.100", Rule::same_subnet},
    {"the same, but nobody answers over the LAN",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("10.8.0.1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("10.8.0.1", "tun0", "10.8.0.5");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
       n.probe("10.8.0.5", "10.8.0.1:8001", Reached::healthy, Peer::expected);
       n.probe("192.168.1.100", "192.168.1.50:8001", Reached::nothing, Peer::unknown);
     },
     "10.8.0.5", Rule::same_subnet},
    {"policy wants tunnels first",
     [](Network& n) {
       lan_and_tunnel(n);
       n.facts.policy.prefers_vpn = true;
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "10.8.0.5", Rule::vpn_policy},
    {"a docker host",
     [](Network& n) {
       docker_host(n);
       remote_coordinator(n);
     },
     "192.168.1.100", Rule::kernel_route},
    {"a docker host of which no coordinator is known", docker_host, "192.168.1.100", Rule::routed_private},
    {"a docker host whose coordinator is one of its containers",
     [](Network& n) {
       docker_host(n);
       n.coordinator("172.17.0.2");
       n.kernel_sends("172.17.0.2", "docker0", "172.17.0.1");
     },
     "172.17.0.1", Rule::same_subnet},
    {"only the bridge of containers is left",
     [](Network& n) {
       docker_host(n);
       n.at("eth0").has_carrier = false;
     },
     "172.17.0.1", Rule::container},
    {"a host of virtual machines: the bridge has the card as a port",
     [](Network& n) {
       n.link("eno1");
       n.link("vmbr0", "bridge");
       n.port("eno1", "vmbr0");
       n.link("tap100i0", "tap");
       n.port("tap100i0", "vmbr0");
       n.link("vmbr1", "bridge");
       n.link("tap100i1", "tap");
       n.port("tap100i1", "vmbr1");
       n.address("vmbr1", "10.10.10.1/24");
       n.address("vmbr0", "192.168.5.4/24");
       n.default_route("vmbr0", "192.168.5.1");
     },
     "192.168.5.4", Rule::routed_private},
    {"libvirt's bridge beside a card",
     [](Network& n) {
       n.link("virbr0", "bridge");
       n.address("virbr0", "192.168.122.1/24");
       n.link("enp1s0");
       n.address("enp1s0", "10.1.2.3/16");
       n.default_route("enp1s0", "10.1.0.1");
     },
     "10.1.2.3", Rule::routed_private},
    {"inside a container: a veth has the only default route",
     [](Network& n) {
       n.link("eth0", "veth");
       n.address("eth0", "172.17.0.2/16");
       n.default_route("eth0", "172.17.0.1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "172.17.0.2", "172.17.0.1");
     },
     "172.17.0.2", Rule::kernel_route},
    {"inside a container with two networks and no coordinator",
     [](Network& n) {
       n.link("eth1", "veth");
       n.address("eth1", "10.5.0.2/24");
       n.link("eth0", "veth");
       n.address("eth0", "172.17.0.2/16");
       n.default_route("eth0", "172.17.0.1");
     },
     "172.17.0.2", Rule::routed_private},
    {"inside a container on a macvlan network",
     [](Network& n) {
       n.link("eth0", "macvlan");
       n.address("eth0", "192.168.1.77/24");
       n.default_route("eth0", "192.168.1.1");
     },
     "192.168.1.77", Rule::routed_private},
    {"inside a container behind a tunnel of its own",
     [](Network& n) {
       n.link("eth0", "veth");
       n.address("eth0", "172.17.0.2/16");
       n.default_route("eth0", "172.17.0.1", 100);
       n.link("wg0", "wireguard");
       n.address("wg0", "10.64.0.9/32");
       n.route("0.0.0.0/0", "wg0", {}, 0, 51820);
     },
     "172.17.0.2", Rule::routed_private},
    {"rootless: a tap has the only default route",
     [](Network& n) {
       n.link("tap0", "tap");
       n.address("tap0", "10.0.2.100/24");
       n.default_route("tap0", "10.0.2.2");
     },
     "10.0.2.100", Rule::routed_private},
    {"two stacks, coordinator by IPv4",
     [](Network& n) {
       lan(n);
       n.address("eth0", "2001:db8:1::100/64");
       n.default_route("eth0", "fe80::1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "192.168.1.100", Rule::same_subnet},
    {"two stacks, coordinator by IPv6",
     [](Network& n) {
       lan(n);
       n.address("eth0", "2001:db8:1::100/64");
       n.default_route("eth0", "fe80::1");
       n.coordinator("2001:db8:2::1");
       n.kernel_sends("2001:db8:2::1", "eth0", "2001:db8:1::100", "fe80::1");
     },
     "2001:db8:1::100", Rule::kernel_route},
    {"two stacks, the coordinator's first address counts",
     [](Network& n) {
       lan(n);
       n.address("eth0", "2001:db8:1::100/64");
       n.coordinator("2001:db8:1::50");
       n.coordinator("192.168.1.50");
       n.kernel_sends("2001:db8:1::50", "eth0", "2001:db8:1::100");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "2001:db8:1::100", Rule::same_subnet},
    {"IPv6 only",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "fe80::a/64");
       n.address("eth0", "2001:db8:1::100/64");
       n.default_route("eth0", "fe80::1");
     },
     "2001:db8:1::100", Rule::public_address},
    {"IPv6 with an address for privacy, one that expires and one that is new",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "2001:db8:1::1/64").is_temporary = true;
       n.address("eth0", "2001:db8:1::2/64").is_deprecated = true;
       n.address("eth0", "2001:db8:1::3/64").is_tentative = true;
       n.address("eth0", "2001:db8:1::4/64").is_permanent = false;
       n.default_route("eth0", "fe80::1");
     },
     "2001:db8:1::4", Rule::public_address},
    {"a site's own IPv6 addresses beside public ones: private first",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "2001:db8:1::100/64");
       n.address("eth0", "fd12::100/64");
       n.default_route("eth0", "fe80::1");
     },
     "fd12::100", Rule::routed_private},
    {"two LANs with the same private range: the kernel sends by the second",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "192.168.1.100/24");
       n.link("eth1");
       n.address("eth1", "192.168.1.200/24");
       n.default_route("eth0", "192.168.1.1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth1", "192.168.1.200");
       n.kernel_sends_from("192.168.1.100", "192.168.1.50", "eth1");
       n.kernel_sends_from("192.168.1.200", "192.168.1.50", "eth1");
     },
     "192.168.1.200", Rule::same_subnet},
    {"two LANs with the same private range: in the nearer one somebody else has the coordinator's address",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "192.168.1.100/24");
       n.link("wlan0");
       n.address("wlan0", "192.168.1.200/24");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
       n.kernel_sends_from("192.168.1.100", "192.168.1.50", "eth0");
       n.kernel_sends_from("192.168.1.200", "192.168.1.50", "wlan0");
       n.probe("192.168.1.100", "192.168.1.50:8001", Reached::tls, Peer::foreign);
       n.probe("192.168.1.200", "192.168.1.50:8001", Reached::healthy, Peer::expected);
     },
     "192.168.1.200", Rule::same_subnet},
    {"a single host of a LAN is reached through a tunnel instead",
     [](Network& n) {
       lan_and_tunnel(n);
       n.route("192.168.1.50/32", "tun0");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "tun0", "10.8.0.5");
       n.kernel_sends_from("192.168.1.100", "192.168.1.50", "tun0");
     },
     "10.8.0.5", Rule::only_tunnel},
    {"two networks on one card: the longer prefix",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "10.0.0.5/8");
       n.address("eth0", "10.1.2.5/24");
       n.coordinator("10.1.2.3");
       n.kernel_sends("10.1.2.3", "eth0", "10.1.2.5");
     },
     "10.1.2.5", Rule::same_subnet},
    {"policy routing: what comes from the second address leaves by the second line",
     [](Network& n) {
       lan(n);
       n.link("eth1");
       n.address("eth1", "198.51.100.7/24");
       n.route("0.0.0.0/0", "eth1", "198.51.100.1", 0, 100);
       n.inventory.rules.push_back({100, false, net("198.51.100.7/32"), std::nullopt, "", "", 0, 100});
       remote_coordinator(n);
       n.kernel_sends_from("192.168.1.100", "203.0.113.10", "eth0");
       n.kernel_sends_from("198.51.100.7", "203.0.113.10", "eth1");
     },
     "192.168.1.100", Rule::kernel_route},
    {"policy routing: from its own address the first line does not lead there",
     [](Network& n) {
       lan(n);
       n.link("eth1");
       n.address("eth1", "10.20.0.7/24");
       remote_coordinator(n);
       n.kernel_sends_from("192.168.1.100", "203.0.113.10", "eth1");
       n.kernel_sends_from("10.20.0.7", "203.0.113.10", "eth1");
     },
     "10.20.0.7", Rule::kernel_route},
    {"a VPN takes the default route, also for what comes from the LAN's address",
     [](Network& n) {
       lan_and_tunnel(n);
       n.route("0.0.0.0/1", "tun0", "10.8.0.1");
       n.route("128.0.0.0/1", "tun0", "10.8.0.1");
       n.coordinator("203.0.113.10");
       n.kernel_sends("203.0.113.10", "tun0", "10.8.0.5", "10.8.0.1");
       n.kernel_sends_from("192.168.1.100", "203.0.113.10", "tun0");
       n.kernel_sends_from("10.8.0.5", "203.0.113.10", "tun0");
     },
     "10.8.0.5", Rule::only_tunnel},
    {"a VPN takes the default route, but the coordinator is in the LAN",
     [](Network& n) {
       lan_and_tunnel(n);
       n.route("0.0.0.0/1", "tun0", "10.8.0.1");
       n.coordinator("192.168.1.50");
       n.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
     },
     "192.168.1.100", Rule::same_subnet},
    {"a VPN takes the default route, and a rule sends the LAN's address past it",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("203.0.113.10");
       n.kernel_sends("203.0.113.10", "tun0", "10.8.0.5", "10.8.0.1");
       n.kernel_sends_from("192.168.1.100", "203.0.113.10", "eth0");
       n.kernel_sends_from("10.8.0.5", "203.0.113.10", "tun0");
     },
     "192.168.1.100", Rule::kernel_route},
    {"a VPN without any coordinator to reach comes after the LAN", lan_and_tunnel, "192.168.1.100",
     Rule::routed_private},
    {"hairpin: the coordinator is behind the router's public address, in the same LAN",
     [](Network& n) {
       lan(n);
       n.coordinator("203.0.113.10");
       n.kernel_sends("203.0.113.10", "eth0", "192.168.1.100", "192.168.1.1");
       PathProbe& probe = n.probe("192.168.1.100", "203.0.113.10:8001", Reached::healthy, Peer::expected);
       probe.seen_as = "192.168.1.1";
       probe.dials_back = true;
     },
     "192.168.1.100", Rule::kernel_route},
    {"no route at all: the cable is in, and no more",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "192.168.1.100/24");
       n.coordinator("203.0.113.10");
       n.no_way_to("203.0.113.10");
     },
     "192.168.1.100", Rule::local_private},
    {"no network but the loopback", [](Network&) {}, "", Rule::advertised},
    {"no network but the loopback, and the coordinator is on it", [](Network& n) { n.coordinator("127.0.0.1"); },
     "127.0.0.1", Rule::same_host},
    {"the coordinator is on this machine, by its LAN address",
     [](Network& n) {
       lan_and_tunnel(n);
       n.coordinator("10.8.0.5");
       n.kernel_sends("10.8.0.5", "lo", "10.8.0.5");
     },
     "10.8.0.5", Rule::same_host},
    {"a bond of two cards",
     [](Network& n) {
       n.link("eth0");
       n.link("eth1");
       n.link("bond0", "bond");
       n.port("eth0", "bond0");
       n.port("eth1", "bond0");
       n.link("docker0", "bridge");
       n.address("docker0", "172.17.0.1/16");
       n.address("bond0", "10.2.0.9/24");
     },
     "10.2.0.9", Rule::local_private},
    {"a VLAN on a bond",
     [](Network& n) {
       n.link("eth0");
       n.link("bond0", "bond");
       n.port("eth0", "bond0");
       n.link("bond0.20", "vlan");
       n.lower("bond0.20", "bond0");
       n.address("bond0.20", "10.20.0.9/24");
       n.default_route("bond0.20", "10.20.0.1");
     },
     "10.20.0.9", Rule::routed_private},
    {"a team, and a VLAN on a bridge of containers",
     [](Network& n) {
       n.link("br0", "bridge");
       n.link("br0.5", "vlan");
       n.lower("br0.5", "br0");
       n.address("br0.5", "10.5.0.1/24");
       n.link("eth0");
       n.link("team0", "team");
       n.port("eth0", "team0");
       n.address("team0", "10.9.0.9/24");
     },
     "10.9.0.9", Rule::local_private},
    {"a bridge over a VLAN over a card",
     [](Network& n) {
       n.link("eth0");
       n.link("eth0.7", "vlan");
       n.lower("eth0.7", "eth0");
       n.link("br7", "bridge");
       n.port("eth0.7", "br7");
       n.address("br7", "10.7.0.9/24");
       n.link("vxlan1", "vxlan");
       n.address("vxlan1", "10.1.0.9/24");
     },
     "10.7.0.9", Rule::local_private},
    {"an ipvlan, a macvlan and a dummy beside a card",
     [](Network& n) {
       n.link("ipvl0", "ipvlan");
       n.address("ipvl0", "10.1.0.9/24");
       n.link("macv0", "macvlan");
       n.address("macv0", "10.2.0.9/24");
       n.link("kube-ipvs0", "dummy");
       n.address("kube-ipvs0", "10.96.0.1/32");
       n.link("eth0");
       n.address("eth0", "10.3.0.9/24");
     },
     "10.3.0.9", Rule::local_private},
    {"WireGuard is known by its kind, whatever its name",
     [](Network& n) {
       n.link("eth7", "wireguard").oper_state = OperState::unknown;
       n.address("eth7", "10.66.0.2/24");
       n.link("wg0");
       n.address("wg0", "10.77.0.2/24");
     },
     "10.77.0.2", Rule::local_private},
    {"a peer behind a point-to-point tunnel",
     [](Network& n) {
       n.link("tun0", "tun");
       n.address("tun0", "10.8.0.6/32").peer = ip("10.8.0.1");
       n.coordinator("10.8.0.1");
       n.kernel_sends("10.8.0.1", "tun0", "10.8.0.6");
     },
     "10.8.0.6", Rule::same_subnet},
    {"PPP is the only line",
     [](Network& n) {
       n.link("ppp0", "ppp").oper_state = OperState::unknown;
       n.address("ppp0", "198.51.100.20/32").peer = ip("198.51.100.1");
       n.default_route("ppp0");
       n.coordinator("203.0.113.10");
       n.kernel_sends("203.0.113.10", "ppp0", "198.51.100.20");
     },
     "198.51.100.20", Rule::only_tunnel},
    {"only link-local addresses",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "fe80::a/64");
       n.address("eth0", "169.254.7.9/16");
     },
     "169.254.7.9", Rule::link_local},
    {"a link-local coordinator needs the address on its link",
     [](Network& n) {
       lan(n);
       n.address("eth0", "fe80::a/64");
       n.link("eth1");
       n.address("eth1", "fe80::b/64");
       n.coordinator("fe80::1%eth1");
     },
     "fe80::b%eth1", Rule::same_subnet},
    {"no carrier on the first card",
     [](Network& n) {
       lan(n);
       n.at("eth0").has_carrier = false;
       n.at("eth0").oper_state = OperState::down;
       n.link("wlan0");
       n.address("wlan0", "192.168.2.7/24");
     },
     "192.168.2.7", Rule::local_private},
    {"a card that waits for authentication is dormant",
     [](Network& n) {
       lan(n);
       n.at("eth0").oper_state = OperState::dormant;
       n.link("wlan0");
       n.address("wlan0", "192.168.2.7/24");
     },
     "192.168.2.7", Rule::local_private},
    {"wired and wireless at once: the lower metric",
     [](Network& n) {
       n.link("wlan0");
       n.address("wlan0", "192.168.1.7/24");
       n.link("eth0");
       n.address("eth0", "192.168.1.8/24");
       n.default_route("wlan0", "192.168.1.1", 600);
       n.default_route("eth0", "192.168.1.1", 100);
     },
     "192.168.1.8", Rule::routed_private},
    {"a server with a public and an inner address, and nothing known of coordinators",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "203.0.113.7/24");
       n.default_route("eth0", "203.0.113.1");
       n.link("eth1");
       n.address("eth1", "10.0.0.7/24");
     },
     "203.0.113.7", Rule::public_address},
    {"the same, with the coordinator inside",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "203.0.113.7/24");
       n.default_route("eth0", "203.0.113.1");
       n.link("eth1");
       n.address("eth1", "10.0.0.7/24");
       n.coordinator("10.0.0.1");
       n.kernel_sends("10.0.0.1", "eth1", "10.0.0.7");
     },
     "10.0.0.7", Rule::same_subnet},
    {"a provider's shared range (RFC 6598) is private",
     [](Network& n) {
       n.link("wwan0", "wwan");
       n.address("wwan0", "100.72.0.4/30");
       n.default_route("wwan0", "100.72.0.5");
     },
     "100.72.0.4", Rule::routed_private},
    {"the operator names an address",
     [](Network& n) {
       lan_and_tunnel(n);
       n.advertise("10.8.0.5");
     },
     "10.8.0.5", Rule::advertised},
    {"the operator names an address that is forwarded",
     [](Network& n) {
       lan(n);
       n.advertise("203.0.113.99:9001");
     },
     "203.0.113.99", Rule::advertised},
    {"the operator names an interface",
     [](Network& n) {
       docker_host(n);
       n.address("docker0", "fe80::d/64");
       n.advertise("docker0");
     },
     "172.17.0.1", Rule::advertised},
    {"the operator names a network",
     [](Network& n) {
       lan_and_tunnel(n);
       n.advertise("10.8.0.0/16");
     },
     "10.8.0.5", Rule::advertised},
    {"the operator names a host",
     [](Network& n) {
       lan(n);
       n.advertise("shop.example");
     },
     "shop.example", Rule::advertised},
    {"the operator names a network that is not there",
     [](Network& n) {
       lan(n);
       n.advertise("10.99.0.0/16");
     },
     "", Rule::advertised},
    {"the node listens on the loopback alone",
     [](Network& n) {
       lan(n);
       n.facts.bind_address = ip("127.0.0.1");
     },
     "127.0.0.1", Rule::same_host},
    {"the node listens by IPv4 alone",
     [](Network& n) {
       n.link("eth0");
       n.address("eth0", "2001:db8:1::100/64");
       n.address("eth0", "203.0.113.7/24");
       n.facts.bind_address = ip("0.0.0.0");
       n.coordinator("2001:db8:1::1");
       n.kernel_sends("2001:db8:1::1", "eth0", "2001:db8:1::100");
     },
     "203.0.113.7", Rule::public_address},
};

}  // namespace

TEST_CASE("each network has its address and its rule") {
  REQUIRE(kTopologies.size() >= 30);
  for (const Topology& topology : kTopologies) {
    CAPTURE(topology.name);
    Network network;
    topology.build(network);
    const Ranking ranking = network.rank();
    if (topology.expected.empty()) {
      CHECK(ranking.candidates.empty());
      continue;
    }
    REQUIRE(ranking.best() != nullptr);
    CHECK(ranking.best()->address == topology.expected);
    CHECK(to_text(ranking.best()->rule) == to_text(topology.rule));
    CHECK_FALSE(ranking.best()->reason.empty());
  }
}

TEST_CASE("every own address is either a candidate or left out, with a reason") {
  for (const Topology& topology : kTopologies) {
    CAPTURE(topology.name);
    Network network;
    topology.build(network);
    const Ranking ranking = network.rank();
    std::size_t own = 0;
    for (const Candidate& candidate : ranking.candidates) own += candidate.interface.empty() ? 0 : 1;
    CHECK(own + ranking.excluded.size() == network.inventory.addresses.size());
    for (const ExcludedAddress& excluded : ranking.excluded) CHECK_FALSE(excluded.reason.empty());
  }
}

TEST_CASE("the order does not depend on the order in which the kernel lists links") {
  for (const Topology& topology : kTopologies) {
    CAPTURE(topology.name);
    Network network;
    topology.build(network);
    std::reverse(network.inventory.links.begin(), network.inventory.links.end());
    const Ranking ranking = network.rank();
    CHECK((ranking.best() != nullptr ? ranking.best()->address : "") == topology.expected);
  }
}

}  // namespace p2p::addresses
