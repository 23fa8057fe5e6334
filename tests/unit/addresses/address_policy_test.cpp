// Given what happens and when, what a node does about its addresses; the clock is moved by hand. The scene is a machine
// with a LAN and a tunnel and a coordinator that both lead to, each by an address of its own.
#include "addresses/address_policy.hpp"

#include <algorithm>

#include "network.hpp"

namespace p2p::addresses {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const Monotonic kPolicyBegin{5000s};
constexpr char kLanAddress[] = "192.168.1.100", kTunAddress[] = "10.8.0.5";
constexpr char kByLan[] = "192.168.1.50:8001", kByTun[] = "10.8.0.1:8001";

Network two_ways() {
  Network out;
  out.link("eth0");
  out.address("eth0", "192.168.1.100/24");
  out.link("tun0", "tun");
  out.address("tun0", "10.8.0.5/24");
  out.default_route("eth0", "192.168.1.1");
  out.coordinator("192.168.1.50");
  out.coordinator("10.8.0.1");
  out.kernel_sends("192.168.1.50", "eth0", kLanAddress);
  out.kernel_sends("10.8.0.1", "tun0", kTunAddress);
  return out;
}

Surroundings of(const Network& network) { return {network.inventory, network.facts.routes}; }

std::vector<NamedCoordinator> coordinators() {
  return {{"lan.example:8001", {ip("192.168.1.50"), 8001}}, {"10.8.0.1:8001", {ip("10.8.0.1"), 8001}}};
}

PathProbe way(const std::string& source, const std::string& target, bool is_good) {
  PathProbe out;
  out.source = source;
  out.target = target;
  out.is_good = is_good;
  if (is_good) {
    out.reached = Reached::healthy;
    out.peer = Peer::expected;
    out.round_trip = 1ms;
  } else {
    out.failure = "no answer";
  }
  return out;
}

/// What a whole look finds where each address leads to its own of the coordinator's, if it leads anywhere.
std::vector<PathProbe> ways(bool lan, bool tun) {
  return {way(kLanAddress, kByLan, lan), way(kTunAddress, kByLan, false), way(kLanAddress, kByTun, false),
          way(kTunAddress, kByTun, tun)};
}

struct Told {
  AddressPolicy policy{AddressPolicy::Settings{{}, 8001, true}};
  Network network = two_ways();
  Monotonic now = kPolicyBegin;

  Told() { policy.begin(of(network), coordinators(), now); }
  AddressPolicy::Actions changed() { return policy.network_changed(of(network), now); }
  /// The look that is due, at its time, with this result.
  AddressPolicy::Actions look(std::vector<PathProbe> found) {
    REQUIRE(policy.next_look() < Monotonic::max());
    now = std::max(now, policy.next_look());
    kind = policy.begin_look(now);
    plan = policy.plan_look(kind, of(network), coordinators());
    return policy.looked(std::move(found), of(network), now);
  }
  Look kind{};
  LookPlan plan{};
};

}  // namespace

TEST_CASE("what the kernel says is announced at once, and a look is due") {
  AddressPolicy policy(AddressPolicy::Settings{{}, 8001, true});
  const auto actions = policy.begin(of(two_ways()), coordinators(), kPolicyBegin);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"192.168.1.100:8001", "10.8.0.5:8001"});
  CHECK_FALSE(actions.replace.has_value());
  CHECK(policy.next_look() == kPolicyBegin);
  CHECK_FALSE(policy.begin_look(kPolicyBegin).is_confirmation);
  CHECK(policy.next_look() == Monotonic::max());
}

TEST_CASE("a look tries every way; nothing is left to do where it finds what was expected") {
  Told told;
  const auto actions = told.look(ways(true, true));
  CHECK(told.plan.sources == std::vector{ip(kLanAddress), ip(kTunAddress)});
  CHECK(told.plan.targets.size() == 2);
  CHECK(told.plan.left_out.empty());
  CHECK_FALSE(actions.announce.has_value());
  CHECK_FALSE(actions.change.has_value());
  CHECK(told.policy.next_look() == Monotonic::max());
}

TEST_CASE("a way that is dead is closed at once, and its coordinators are dialled by the other") {
  Told told;
  told.look(ways(true, true));
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  CHECK(told.policy.next_look() == told.now);
  const auto actions = told.look(ways(false, true));
  CHECK_FALSE(told.kind.is_confirmation);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"10.8.0.5:8001"});
  REQUIRE(actions.replace.has_value());
  CHECK(actions.replace->is_dead);
  CHECK(actions.replace->from == kLanAddress);
  CHECK(actions.replace->to == kTunAddress);
  CHECK(actions.replace->coordinators == Texts{"10.8.0.1:8001"});
}

TEST_CASE("a silent coordinator that is reached from nowhere changes nothing") {
  Told told;
  told.look(ways(true, true));
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  const auto actions = told.look(ways(false, false));
  CHECK_FALSE(actions.announce.has_value());
  CHECK_FALSE(actions.replace.has_value());
}

TEST_CASE("a link that is dead goes another way, also where its address still leads somewhere by a detour") {
  Told told;
  auto all = ways(true, true);
  all[2].is_good = true;
  told.look(all);
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  // What is sent from the LAN's address goes through the tunnel, but nobody can dial it.
  auto detour = ways(false, true);
  detour[2].is_good = detour[2].asked_back = true;
  detour[2].dials_back = false;
  const auto actions = told.look(detour);
  REQUIRE(actions.change.has_value());
  CHECK(actions.change->why == AddressChoice::Why::failed);
  REQUIRE(actions.replace.has_value());
  CHECK(actions.replace->is_dead);
  CHECK(actions.replace->from == kLanAddress);
  CHECK(actions.replace->coordinators == Texts{"10.8.0.1:8001"});
}

TEST_CASE("with one address too, a dead link is dialled where the coordinator answers, and nothing else is announced") {
  Told told;
  std::erase_if(told.network.inventory.addresses, [](const Address& own) { return own.address == ip(kTunAddress); });
  told.network.facts.routes.clear();
  told.network.kernel_sends("192.168.1.50", "eth0", kLanAddress);
  told.network.kernel_sends("10.8.0.1", "eth0", kLanAddress, "192.168.1.1");
  told.changed();
  told.look({});
  CHECK(told.plan.sources.empty());
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  const auto actions = told.look({way(kLanAddress, kByLan, false), way(kLanAddress, kByTun, true)});
  CHECK(told.plan.sources == std::vector{ip(kLanAddress)});
  CHECK_FALSE(actions.announce.has_value());
  REQUIRE(actions.replace.has_value());
  CHECK(actions.replace->is_dead);
  CHECK(actions.replace->coordinators == Texts{"10.8.0.1:8001"});
}

TEST_CASE("a link that is silent though its way is good is left to the link's own patience") {
  Told told;
  told.look(ways(true, true));
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  CHECK_FALSE(told.look(ways(true, true)).replace.has_value());
}

TEST_CASE("an address that is gone is left without a look, and what began there is let go of") {
  Told told;
  told.look(ways(true, true));
  told.network.at("eth0").has_carrier = false;
  told.now += 60s;
  const auto actions = told.changed();
  CHECK(actions.lost == std::vector{ip(kLanAddress)});
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"10.8.0.5:8001"});
  CHECK(actions.ways_changed);
  CHECK_FALSE(actions.replace.has_value());
  CHECK(told.policy.next_look() == told.now);
}

TEST_CASE("a better address is taken after three looks, not for what the kernel says in between, and in peace") {
  Told told;
  told.network.at("eth0").has_carrier = false;
  told.changed();
  told.look({way(kTunAddress, kByTun, true), way(kTunAddress, kByLan, false)});
  told.network.at("eth0").has_carrier = true;
  told.now += 60s;
  CHECK(told.changed().ways_changed);
  const Monotonic appeared = told.now;
  CHECK_FALSE(told.look(ways(true, true)).change.has_value());
  for (int i = 0; i < 20; ++i) {
    told.now += 1ms;
    told.network.link("veth" + std::to_string(i), "veth");
    CHECK_FALSE(told.changed().change.has_value());
  }
  CHECK_FALSE(told.look({way(kLanAddress, kByLan, true), way(kTunAddress, kByTun, true)}).change.has_value());
  const auto actions = told.look({way(kLanAddress, kByLan, true), way(kTunAddress, kByTun, true)});
  REQUIRE(actions.replace.has_value());
  CHECK_FALSE(actions.replace->is_dead);
  CHECK(actions.replace->to == kLanAddress);
  CHECK(actions.replace->coordinators == Texts{"lan.example:8001"});
  // Beside two rounds of two seconds at most.
  CHECK(told.now - appeared < 5s - 2s);
}

TEST_CASE("a confirmation tries again what has answered, and knows of the dead ways what it knew") {
  Told told;
  told.network.at("eth0").has_carrier = false;
  told.changed();
  told.look({way(kTunAddress, kByTun, true), way(kTunAddress, kByLan, false)});
  told.network.at("eth0").has_carrier = true;
  told.now += 60s;
  told.changed();
  told.look(ways(true, true));
  told.look({way(kLanAddress, kByLan, true), way(kTunAddress, kByTun, true)});
  CHECK(told.kind.is_confirmation);
  const std::vector<PathEnds> dead{{kTunAddress, kByLan}, {kLanAddress, kByTun}};
  CHECK(std::is_permutation(told.plan.left_out.begin(), told.plan.left_out.end(), dead.begin(), dead.end()));
}

TEST_CASE("changes of links that lead nowhere bring no look, and those that come fast one a second") {
  Told told;
  told.look(ways(true, true));
  told.network.link("veth7", "veth");
  told.now += 60s;
  CHECK_FALSE(told.changed().ways_changed);
  CHECK(told.policy.next_look() == Monotonic::max());
  told.network.address("eth0", "192.168.1.101/24");
  CHECK(told.changed().ways_changed);
  CHECK(told.policy.next_look() == told.now);
  told.look(ways(true, true));
  const Monotonic looked = told.now;
  told.now += 10ms;
  told.network.address("eth0", "192.168.1.102/24");
  told.changed();
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  CHECK(told.policy.next_look() == looked + 1s);
}

TEST_CASE("a coordinator that comes back is looked at by each at its own time, unless it was just seen") {
  Told told;
  told.look(ways(true, true));
  told.policy.coordinator_reached(0.5, told.now + 2s);
  CHECK(told.policy.next_look() == Monotonic::max());
  told.policy.coordinator_reached(0.5, told.now + 60s);
  CHECK(told.policy.next_look() == told.now + 60s + 500ms);
}

TEST_CASE("what a look found of an address that went meanwhile counts for nothing") {
  Told told;
  told.now = told.policy.next_look();
  const Look look = told.policy.begin_look(told.now);
  told.policy.plan_look(look, of(told.network), coordinators());
  std::erase_if(told.network.inventory.addresses, [](const Address& own) { return own.address == ip(kLanAddress); });
  const auto actions = told.policy.looked(ways(true, true), of(told.network), told.now + 1s);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"10.8.0.5:8001"});
}

TEST_CASE("a way that is not tried any more is not known any more") {
  Told told;
  told.look(ways(true, true));
  told.now += 60s;
  told.policy.link_silent(kLanAddress, "192.168.1.50", told.now);
  // What the tunnel's ways once showed is no reason to go there.
  CHECK_FALSE(told.look({way(kLanAddress, kByLan, false), way(kLanAddress, kByTun, false)}).change.has_value());
}

TEST_CASE("where the operator fixes the address, or probing is off, no way is tried") {
  AddressPolicy fixed(AddressPolicy::Settings{{}, 8001, true});
  Surroundings there = of(two_ways());
  there.fixed = "192.0.2.7:9001";
  const auto actions = fixed.begin(there, coordinators(), kPolicyBegin);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"192.0.2.7:9001"});
  CHECK(fixed.plan_look(fixed.begin_look(kPolicyBegin), there, coordinators()).sources.empty());
  CHECK(fixed.chosen() == nullptr);
  AddressPolicy silent(AddressPolicy::Settings{{}, 8001, false});
  silent.begin(of(two_ways()), coordinators(), kPolicyBegin);
  CHECK(silent.plan_look(silent.begin_look(kPolicyBegin), of(two_ways()), coordinators()).sources.empty());
}

TEST_CASE("with prefer_vpn the tunnel's address is announced first") {
  RankingFacts facts;
  facts.policy.prefers_vpn = true;
  AddressPolicy policy(AddressPolicy::Settings{facts, 8001, true});
  const auto actions = policy.begin(of(two_ways()), coordinators(), kPolicyBegin);
  REQUIRE(actions.announce.has_value());
  CHECK(actions.announce->front() == "10.8.0.5:8001");
}

TEST_CASE("a way from a link-local address leads to the coordinators of its own link") {
  Network network;
  network.link("eth0");
  network.address("eth0", "fe80::9/64");
  network.link("eth1");
  network.address("eth1", "fe80::9/64");
  network.facts.coordinators.push_back({ip("fe80::1%eth0"), 8001});
  network.facts.coordinators.push_back({ip("fe80::2%eth1"), 8001});
  network.kernel_sends("fe80::1%eth0", "eth0", "fe80::9");
  network.kernel_sends("fe80::2%eth1", "eth1", "fe80::9");
  const std::vector<NamedCoordinator> named{{"one:8001", network.facts.coordinators[0]},
                                            {"two:8001", network.facts.coordinators[1]}};
  AddressPolicy policy(AddressPolicy::Settings{{}, 8001, true});
  policy.begin(of(network), named, kPolicyBegin);
  REQUIRE(policy.chosen() != nullptr);
  CHECK(policy.chosen()->address == "fe80::9%eth0");
  policy.plan_look(policy.begin_look(kPolicyBegin), of(network), named);
  const auto actions = policy.looked(
      {way("fe80::9%eth0", "[fe80::1%eth0]:8001", false), way("fe80::9%eth1", "[fe80::2%eth1]:8001", true)},
      of(network), kPolicyBegin + 1s);
  REQUIRE(actions.replace.has_value());
  CHECK(actions.replace->to == "fe80::9%eth1");
  CHECK(actions.replace->coordinators == Texts{"two:8001"});
}

TEST_CASE("the name of an interface that comes later is a host's until then, and never again") {
  RankingFacts facts;
  facts.advertised = Advertised{Advertised::Form::name, "tun1"};
  AddressPolicy policy(AddressPolicy::Settings{std::move(facts), 8001, true});
  Network network = two_ways();
  Surroundings without = of(network);
  without.fixed = "tun1:8001";
  auto actions = policy.begin(without, coordinators(), kPolicyBegin);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"tun1:8001"});
  network.link("tun1", "tun");
  network.address("tun1", "10.9.0.5/24");
  actions = policy.network_changed(of(network), kPolicyBegin + 1s);
  REQUIRE(actions.announce.has_value());
  CHECK(*actions.announce == Texts{"10.9.0.5:8001"});
  actions = policy.network_changed(without, kPolicyBegin + 2s);
  REQUIRE(actions.announce.has_value());
  CHECK(actions.announce->empty());
  CHECK(policy.chosen() == nullptr);
}

}  // namespace p2p::addresses
