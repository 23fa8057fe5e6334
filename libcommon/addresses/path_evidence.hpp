// What probes say of the way from one own address to one coordinator. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "addresses/path_probe.hpp"
#include "addresses/ranking.hpp"

namespace p2p::addresses {

struct PathEvidence {
  Path path = Path::untried;
  bool is_foreign = false;  ///< somebody else answers there; the way is then not to be used, whatever else is known
  std::optional<std::chrono::microseconds> round_trip{};
};

/// Of the probes with this source and target, the last one.
PathEvidence evidence(const std::vector<PathProbe>& probes, const IpAddress& source, const Coordinator& target);

}  // namespace p2p::addresses
