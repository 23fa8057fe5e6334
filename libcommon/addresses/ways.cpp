#include "addresses/ways.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p::addresses {
namespace {

bool is_better(const Way& a, const Way& b) {
  if (a.rule != b.rule) return a.rule < b.rule;
  if (a.coordinator != b.coordinator) return a.coordinator < b.coordinator;
  return a.prefix_length > b.prefix_length;
}

Way place(Rule rule, std::string reason) {
  Way out;
  out.rule = rule;
  out.reason = std::move(reason);
  return out;
}

}  // namespace

Ways::Ways(const Inventory& inventory, const RankingFacts& facts, const EvidenceIndex& evidence,
           const std::vector<OwnAddress>& usable)
    : inventory_(inventory), facts_(facts), evidence_(evidence) {
  for (const RouteAnswer& answer : facts.routes)
    answers_.emplace(std::pair(answer.target, answer.asked_source), &answer);
  for (const Coordinator& coordinator : facts.coordinators) is_own_.push_back(inventory.owns(coordinator.address));
  for (const OwnAddress& own : usable) {
    if (own.link_class != LinkClass::lan || own.address->address.is_link_local()) continue;
    const EvidenceFrom& from_here = evidence.from(own.address->address);
    for (std::size_t i = 0; i < facts.coordinators.size(); ++i) {
      if (from_here.to(i).path != Path::fails && direct_to(own, i, from_here)) only_tunnels_lead_there_ = false;
    }
  }
}

Way Ways::of(const OwnAddress& own) const {
  const IpAddress& address = own.address->address;
  auto way = direct(own);
  if (way && way->rule == Rule::same_host) return std::move(*way);
  if (own.link_class == LinkClass::vpn) {
    if (facts_.policy.prefers_vpn) return place(Rule::vpn_policy, "it is of a tunnel, and policy wants tunnels first");
    if (!way || !only_tunnels_lead_there_) {
      return place(Rule::vpn, facts_.coordinators.empty() ? "it is of a tunnel"
                              : way                       ? "it is of a tunnel, and there is a way without"
                                                          : "it is of a tunnel that does not lead to the coordinator");
    }
    if (way->rule == Rule::kernel_route) {
      way->rule = Rule::only_tunnel;
      way->reason += ", and there is no way but tunnels";
    }
  }
  if (way) return std::move(*way);
  if (address.is_loopback()) return place(Rule::same_host, "it is this machine itself");
  if (address.is_link_local()) return place(Rule::link_local, "it is link-local, and there is nothing better");
  if (own.link_class == LinkClass::container) {
    return place(Rule::container, "its network is of containers or virtual machines on this one");
  }
  if (!address.is_private()) return place(Rule::public_address, "it is a public address");
  return has_gateway(own) ? place(Rule::routed_private, "it is private, and its network has a gateway")
                          : place(Rule::local_private, "it is private, and its network has no gateway");
}

bool Ways::needs_link_local(const OwnAddress& own) const {
  if (!own.address->address.is_link_local()) return false;
  const auto way = direct(own);
  return way && facts_.coordinators[way->coordinator].address.is_link_local();
}

std::optional<Way> Ways::direct(const OwnAddress& own) const {
  const EvidenceFrom& from_here = evidence_.from(own.address->address);
  std::optional<Way> best;
  for (std::size_t i = 0; i < facts_.coordinators.size(); ++i) {
    auto way = direct_to(own, i, from_here);
    if (way && (!best || is_better(*way, *best))) best = std::move(way);
  }
  return best;
}

std::optional<Way> Ways::direct_to(const OwnAddress& own, std::size_t coordinator, const EvidenceFrom& evidence) const {
  const IpAddress& address = own.address->address;
  const IpAddress& target = facts_.coordinators[coordinator].address;
  if (target.is_v6() != address.is_v6()) return std::nullopt;
  if (evidence.to(coordinator).is_foreign) return std::nullopt;
  Way out;
  out.coordinator = coordinator;
  if (target.is_loopback() ? address.is_loopback() : address.without_zone() == target.without_zone()) {
    out.rule = Rule::same_host;
    out.reason = target.is_loopback() ? fmt::format("{} is this machine itself", target.to_text())
                                      : "the coordinator has this address itself";
    return out;
  }
  if (target.is_loopback() || address.is_loopback() || is_own_[coordinator]) return std::nullopt;
  const RouteAnswer* unasked = answer(target, std::nullopt);
  const RouteAnswer* from_here = answer(target, address.without_zone());
  const RouteAnswer* way = from_here != nullptr ? from_here : unasked;
  const bool kernel_agrees = way != nullptr && way->link == own.link->index;
  if (way != nullptr && !kernel_agrees) return std::nullopt;
  const bool is_other_zone = target.is_link_local() && !target.zone().empty() && target.zone() != own.link->name &&
                             target.zone() != std::to_string(own.link->index);
  out.is_kernel_choice = unasked != nullptr && unasked->source == address.without_zone();
  if (own.address->on_link().contains(target) && !is_other_zone) {
    out.rule = Rule::same_subnet;
    out.prefix_length = own.address->prefix_length;
    out.reason = fmt::format("{} is in its network {}", target.to_text(), own.address->on_link().to_text());
    return out;
  }
  if (!kernel_agrees || address.is_link_local()) return std::nullopt;
  out.rule = Rule::kernel_route;
  out.reason = fmt::format("the kernel sends to {} by {}", target.to_text(), own.link->name);
  if (way->gateway) out.reason += fmt::format(" and the gateway {}", way->gateway->to_text());
  return out;
}

const RouteAnswer* Ways::answer(const IpAddress& target, const std::optional<IpAddress>& source) const {
  const auto found = answers_.find({target, source});
  return found == answers_.end() ? nullptr : found->second;
}

bool Ways::has_gateway(const OwnAddress& own) const {
  return std::any_of(inventory_.routes.begin(), inventory_.routes.end(), [&](const Route& route) {
    return route.link == own.link->index && route.destination.address.is_v6() == own.address->address.is_v6() &&
           (route.gateway || route.is_default());
  });
}

}  // namespace p2p::addresses
