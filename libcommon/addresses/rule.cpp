#include "addresses/rule.hpp"

namespace p2p::addresses {

std::string_view to_text(Rule rule) noexcept {
  switch (rule) {
    case Rule::advertised: return "advertised";
    case Rule::same_host: return "same-host";
    case Rule::vpn_policy: return "vpn-policy";
    case Rule::same_subnet: return "same-subnet";
    case Rule::kernel_route: return "kernel-route";
    case Rule::only_tunnel: return "only-tunnel";
    case Rule::routed_private: return "routed-private";
    case Rule::public_address: return "public";
    case Rule::local_private: return "local-private";
    case Rule::vpn: return "vpn";
    case Rule::container: return "container";
    case Rule::link_local: break;
  }
  return "link-local";
}

std::string_view describe(Rule rule) noexcept {
  switch (rule) {
    case Rule::advertised: return "advertise_address says so";
    case Rule::same_host: return "the coordinator is on this machine";
    case Rule::vpn_policy: return "tunnels come first by policy";
    case Rule::same_subnet: return "the coordinator is in the address's own network";
    case Rule::kernel_route: return "the kernel sends to the coordinator by this interface";
    case Rule::only_tunnel: return "a tunnel is the only way to the coordinator";
    case Rule::routed_private: return "private, with a gateway";
    case Rule::public_address: return "public";
    case Rule::local_private: return "private, without a gateway";
    case Rule::vpn: return "a tunnel, and there are other ways";
    case Rule::container: return "of containers or virtual machines on this one";
    case Rule::link_local: break;
  }
  return "link-local, and there is nothing else";
}

std::string_view to_text(Exclusion exclusion) noexcept {
  switch (exclusion) {
    case Exclusion::link_down: return "link-down";
    case Exclusion::no_carrier: return "no-carrier";
    case Exclusion::tentative: return "tentative";
    case Exclusion::duplicate: return "duplicate";
    case Exclusion::deprecated: return "deprecated";
    case Exclusion::temporary: return "temporary";
    case Exclusion::loopback: return "loopback";
    case Exclusion::link_local: return "link-local";
    case Exclusion::not_bound: return "not-bound";
    case Exclusion::not_advertised: return "not-advertised";
    case Exclusion::not_asked: return "not-asked";
    case Exclusion::foreign_peer: break;
  }
  return "foreign-peer";
}

}  // namespace p2p::addresses
