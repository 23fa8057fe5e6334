// What the configuration says of membership.
#pragma once

#include <string>
#include <vector>

#include "membership/adaptive_interval.hpp"

namespace p2p::membership {

struct Settings {
  std::string cluster_name = "p2p";
  std::vector<std::string> coordinator_addresses;  ///< host:port; a coordinator's own, which it does not dial
  IntervalSettings interval;                       ///< `gossip_interval_*`, `adjust_interval_period`
  std::size_t max_gossip_targets = 5;
  std::chrono::milliseconds failure_timeout{60'000};
  std::chrono::milliseconds cleanup_interval{60'000};
};

}  // namespace p2p::membership
