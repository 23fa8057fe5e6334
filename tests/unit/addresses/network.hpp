// A machine's network, written down in a few words, for tests of what is concluded from it.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "addresses/path_evidence.hpp"
#include "addresses/ranking.hpp"

namespace p2p::addresses {

inline IpAddress ip(std::string_view text) {
  const auto out = IpAddress::parse(text);
  REQUIRE_MESSAGE(out.has_value(), text);
  return *out;
}

inline IpPrefix net(std::string_view text) {
  const auto out = IpPrefix::parse(text);
  REQUIRE_MESSAGE(out.has_value(), text);
  return *out;
}

struct Network {
  Inventory inventory{};
  RankingFacts facts{};

  Network() {
    Link& lo = link("lo");
    lo.is_loopback = true;
    lo.oper_state = OperState::unknown;
    address("lo", "127.0.0.1/8");
    address("lo", "::1/128");
  }

  /// Up, with a carrier. Without a kind it is a card; tun and tap are kinds here.
  Link& link(const std::string& name, std::string_view kind = {}) {
    Link out;
    out.index = static_cast<int>(inventory.links.size()) + 1;
    out.name = name;
    out.kind = kind == "tap" ? "tun" : std::string(kind);
    if (out.kind == "tun") out.tun_type = kind == "tap" ? TunType::tap : TunType::tun;
    out.has_parent_device = kind.empty() && name != "lo";
    out.is_up = out.has_carrier = true;
    out.oper_state = OperState::up;
    inventory.links.push_back(out);
    return inventory.links.back();
  }
  Link& at(const std::string& name) {
    for (Link& one : inventory.links) {
      if (one.name == name) return one;
    }
    FAIL("no link " << name);
    return inventory.links.front();
  }
  /// `port` belongs to a bridge, bond or team.
  void port(const std::string& name, const std::string& of) { at(name).master = at(of).index; }
  void lower(const std::string& name, const std::string& on) { at(name).lower = at(on).index; }

  /// With the connected route that the kernel makes of it.
  Address& address(const std::string& on, std::string_view text) {
    const IpPrefix parsed = net(text);
    Address out;
    out.link = at(on).index;
    out.address = parsed.address.with_zone(on);
    out.prefix_length = parsed.length;
    out.is_permanent = true;
    inventory.addresses.push_back(out);
    if (on != "lo") inventory.routes.push_back({254, parsed.network(), std::nullopt, out.link, std::nullopt, 0});
    return inventory.addresses.back();
  }
  void route(std::string_view to, const std::string& by, std::string_view gateway = {}, std::uint32_t metric = 0,
             std::uint32_t table = 254) {
    Route out{table, net(to), std::nullopt, at(by).index, std::nullopt, metric};
    if (!gateway.empty()) out.gateway = ip(gateway);
    inventory.routes.push_back(out);
  }
  void default_route(const std::string& by, std::string_view gateway = {}, std::uint32_t metric = 0) {
    route(gateway.find(':') == std::string_view::npos ? "0.0.0.0/0" : "::/0", by, gateway, metric);
  }

  void coordinator(std::string_view address) { facts.coordinators.push_back({ip(address), 8001}); }
  /// What the kernel says: packets to that coordinator leave by this link, from this own address.
  void kernel_sends(std::string_view to, const std::string& by, std::string_view from, std::string_view gateway = {}) {
    RouteAnswer out;
    out.target = ip(to);
    out.link = at(by).index;
    out.source = ip(from);
    if (!gateway.empty()) out.gateway = ip(gateway);
    facts.routes.push_back(out);
  }
  /// The same where packets come from an own address that was asked for.
  void kernel_sends_from(std::string_view source, std::string_view to, const std::string& by) {
    RouteAnswer out;
    out.target = ip(to);
    out.asked_source = ip(source);
    out.source = ip(source);
    out.link = at(by).index;
    facts.routes.push_back(out);
  }
  void no_way_to(std::string_view to) {
    RouteAnswer out;
    out.target = ip(to);
    out.failure = "no route leads there";
    facts.routes.push_back(out);
  }
  void advertise(std::string_view text) {
    const auto parsed = parse_advertised(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    facts.advertised = *parsed;
  }
  PathProbe& probe(std::string_view source, std::string_view target, Reached reached, Peer peer) {
    PathProbe out;
    out.source = source;
    out.target = target;
    out.reached = reached;
    out.peer = peer;
    if (peer != Peer::expected) out.failure = "it went wrong";
    out.is_good = can_be_used(out, true);
    facts.probes.push_back(out);
    return facts.probes.back();
  }

  Ranking rank() const { return addresses::rank(inventory, facts); }
};

}  // namespace p2p::addresses
