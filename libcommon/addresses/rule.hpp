// The rules by which an address is chosen, and those by which one is left out. Their texts are stable: `p2p-probe`
// prints them and programs compare them. Pure.
#pragma once

#include <array>
#include <string_view>

namespace p2p::addresses {

/// Best first: an address takes its place by the first rule that fits it.
enum class Rule : unsigned char {
  advertised,      ///< `advertise_address` says so
  same_host,       ///< the coordinator is on this machine
  vpn_policy,      ///< an address of a tunnel, where policy wants tunnels first
  same_subnet,     ///< the coordinator is in the address's own network; the longest prefix first
  kernel_route,    ///< the kernel sends to the coordinator by this interface
  only_tunnel,     ///< so it does, by a tunnel, and there is no other way
  routed_private,  ///< a private address whose interface has a gateway
  public_address,  ///< an address of the Internet
  local_private,   ///< a private address without a gateway: only its own network reaches it
  vpn,             ///< an address of a tunnel, and there are other ways
  container,       ///< of containers or virtual machines on this one
  link_local,      ///< there is nothing else
};
inline constexpr std::array kRules{Rule::advertised,    Rule::same_host,   Rule::vpn_policy,     Rule::same_subnet,
                                   Rule::kernel_route,  Rule::only_tunnel, Rule::routed_private, Rule::public_address,
                                   Rule::local_private, Rule::vpn,         Rule::container,      Rule::link_local};
/// `same-subnet`
std::string_view to_text(Rule rule) noexcept;
/// What it asks, as one clause: `the coordinator is in the address's own network`.
std::string_view describe(Rule rule) noexcept;

/// Why an address is no candidate at all.
enum class Exclusion : unsigned char {
  link_down,       ///< nobody wants the interface up
  no_carrier,      ///< its cable is out, or its lower layer is not ready
  tentative,       ///< duplicate address detection has not finished
  duplicate,       ///< another machine has the address
  deprecated,      ///< no new connections (RFC 4862 §5.5.4)
  temporary,       ///< changes by itself every day (RFC 8981)
  loopback,        ///< reaches this machine only
  link_local,      ///< means nothing beyond its link, and there are better ones
  not_bound,       ///< the node does not listen on it
  not_advertised,  ///< `advertise_address` says otherwise
  not_asked,       ///< another interface or address is asked for
  foreign_peer,    ///< from there another machine answers on the coordinator's address
};
/// `no-carrier`
std::string_view to_text(Exclusion exclusion) noexcept;

}  // namespace p2p::addresses
