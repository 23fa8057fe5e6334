// With whom to gossip in this round. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "membership/registry.hpp"
#include "membership/settings.hpp"

namespace p2p::membership {

struct ExchangeTarget {
  std::string node_id;                 ///< empty: whichever coordinator answers at the address
  std::vector<std::string> addresses;  ///< host:port, to be tried in this order
};

/// Up to `max_gossip_targets` different nodes: for a worker one configured coordinator, thought alive or not, which
/// heals partitions; the others random among those alive or suspected, first those that could be reached last time.
std::vector<ExchangeTarget> choose_targets(const Registry& registry, const Settings& settings, pki::Role role,
                                           Random& random, Instant now);

}  // namespace p2p::membership
