// What the kernel knows of this machine's network: links, their addresses, routes and policy rules, as values. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "addresses/ip_address.hpp"

namespace p2p::addresses {

/// RFC 2863 ifOperStatus, as Linux numbers it. `unknown` is what devices without a carrier of their own show, such as
/// tun.
enum class OperState : unsigned char { unknown, not_present, down, lower_layer_down, testing, dormant, up };

/// Both have the kind `tun`: tun carries packets, tap carries Ethernet frames.
enum class TunType : unsigned char { none, tun, tap };

/// A network interface.
struct Link {
  int index = 0;
  std::string name{};
  std::string kind{};  ///< as the kernel names it: `veth`, `bridge`, `wireguard`; empty for physical and virtio devices
  bool has_parent_device = false;  ///< it hangs on a bus: PCI, USB, virtio
  bool is_loopback = false;
  bool is_point_to_point = false;
  bool is_up = false;        ///< the administrator wants it up
  bool has_carrier = false;  ///< and its lower layer is there
  OperState oper_state = OperState::unknown;
  int master = 0;  ///< the bridge, bond, team or VRF that it is a port of; 0: none
  int lower = 0;   ///< what it sits on (vlan, macvlan) or is linked to; 0: none, or in another namespace
  TunType tun_type = TunType::none;

  /// Whether packets can go out there now.
  bool is_running() const noexcept {
    return is_up && has_carrier && (oper_state == OperState::unknown || oper_state == OperState::up);
  }
  bool operator==(const Link&) const = default;
};

/// An address of a link. Two are equal whatever their lifetimes, which change by themselves.
struct Address {
  int link = 0;
  IpAddress address{};  ///< a link-local IPv6 one has the link's name as its zone
  int prefix_length = 0;
  std::optional<IpAddress> peer{};  ///< of a point-to-point link; the prefix is then the peer's
  std::uint8_t scope = 0;           ///< as in rtnetlink(7): 0 global, 200 site, 253 link, 254 host
  bool is_tentative = false;        ///< duplicate address detection has not finished (RFC 4862)
  bool is_duplicate = false;        ///< and this is how it ended
  bool is_deprecated = false;
  bool is_temporary = false;                            ///< RFC 8981
  bool is_permanent = false;                            ///< has no lifetime
  std::optional<std::chrono::seconds> preferred_for{};  ///< none: for ever
  std::optional<std::chrono::seconds> valid_for{};

  /// The network that is reached on the link itself.
  IpPrefix on_link() const { return {peer.value_or(address).without_zone(), prefix_length}; }
  bool operator==(const Address& other) const;
};

/// One way of a route; a route with several next hops is several of them.
struct Route {
  std::uint32_t table = 0;  ///< 254 is `main`
  IpPrefix destination{};
  std::optional<IpAddress> gateway{};
  int link = 0;
  std::optional<IpAddress> preferred_source{};
  std::uint32_t metric = 0;

  bool is_default() const noexcept { return destination.length == 0; }
  bool operator==(const Route&) const = default;
};

/// A policy rule: packets like this look into that table.
struct PolicyRule {
  std::uint32_t priority = 0;
  bool is_v6 = false;
  std::optional<IpPrefix> from{};
  std::optional<IpPrefix> to{};
  std::string input{};   ///< the link's name; empty: any
  std::string output{};  ///< likewise
  std::uint32_t mark = 0;
  std::uint32_t table = 0;

  bool operator==(const PolicyRule&) const = default;
};

/// Each list is in the kernel's order, links by index.
struct Inventory {
  std::vector<Link> links{};
  std::vector<Address> addresses{};
  std::vector<Route> routes{};  ///< of unicast, without the kernel's table of local addresses
  std::vector<PolicyRule> rules{};
  bool has_all_routes = true;  ///< false: there are more routes or rules than were read

  const Link* link(int index) const noexcept;
  const Link* link(std::string_view name) const noexcept;
  bool owns(const IpAddress& address) const noexcept;
  bool operator==(const Inventory&) const = default;
};

/// The kernel's answer to where packets for `target` go (RTM_GETROUTE).
struct RouteAnswer {
  IpAddress target{};
  std::optional<IpAddress>
      asked_source{};                  ///< the own address that packets were to come from; none: the kernel's choice
  int link = 0;                        ///< 0: there is no way
  std::optional<IpAddress> source{};   ///< the own address that the kernel takes
  std::optional<IpAddress> gateway{};  ///< none: on the link itself
  std::uint32_t table = 0;
  std::string failure{};  ///< one clause where there is no way: `network is unreachable`

  bool operator==(const RouteAnswer&) const = default;
};

}  // namespace p2p::addresses
