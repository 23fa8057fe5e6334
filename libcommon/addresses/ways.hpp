// How an own address relates to the coordinators: by what network or route it leads there. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "addresses/path_evidence.hpp"
#include "addresses/ranking.hpp"

namespace p2p::addresses {

/// By which rule an address gets its place.
struct Way {
  Rule rule = Rule::link_local;
  std::size_t coordinator = 0;  ///< its number in RankingFacts, for a way that leads to one
  int prefix_length = 0;
  bool is_kernel_choice = false;  ///< the kernel takes this very address as source, unasked
  std::string reason{};
};

/// An own address with what its link is.
struct OwnAddress {
  const Address* address = nullptr;
  const Link* link = nullptr;
  LinkClass link_class = LinkClass::lan;
};

/// All arguments must outlive it.
class Ways {
 public:
  /// `usable`: those that were not left out; by them it is known whether a tunnel is the only way.
  Ways(const Inventory& inventory, const RankingFacts& facts, const EvidenceIndex& evidence,
       const std::vector<OwnAddress>& usable);

  Way of(const OwnAddress& own) const;
  /// The way of a loopback address, which has none but to this machine itself.
  std::optional<Way> to_this_host(const OwnAddress& own) const { return direct(own); }
  /// Whether it is link-local and so is a coordinator on the same link.
  bool needs_link_local(const OwnAddress& own) const;

 private:
  std::optional<Way> direct(const OwnAddress& own) const;
  std::optional<Way> direct_to(const OwnAddress& own, std::size_t coordinator, const EvidenceFrom& evidence) const;
  const RouteAnswer* answer(const IpAddress& target, const std::optional<IpAddress>& source) const;
  bool has_gateway(const OwnAddress& own) const;

  const Inventory& inventory_;
  const RankingFacts& facts_;
  const EvidenceIndex& evidence_;
  std::map<std::pair<IpAddress, std::optional<IpAddress>>, const RouteAnswer*> answers_;  // by target and source
  std::vector<bool> is_own_;  // by coordinator: it has an address of this machine
  bool only_tunnels_lead_there_ = true;
};

}  // namespace p2p::addresses
