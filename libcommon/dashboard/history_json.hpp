// Histories of figures as the page gets them: HISTORY of p2p-protocol(7), and the answers of `/api/history`. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "metrics/fleet_history.hpp"

namespace p2p::dashboard {

/// Of a node, beside its name: so many points, each the mean of so many seconds.
inline constexpr std::int64_t kSparkPoints = 60, kSparkSeconds = 15;

/// `{"step":1,"end":…,"fleet":{"cpu":[…],…},"nodes":{"web-1":{"cpu":[…]}}}`; the last second is `end`.
std::string history_json(const metrics::FleetHistory& history, std::int64_t end);
/// The newest points alone: `{"end":…,"fleet":{"cpu":x,…}}`, and each 15 s `"nodes":{"web-1":{"cpu":x}}`.
std::string history_point_json(const metrics::FleetHistory& history, std::int64_t end);
/// `{"step":10,"end":…,"series":{"cpu":{"min":[…],"mean":[…],"max":[…]},…}}`; `end` is when the last step began.
std::string range_json(const metrics::History& history, metrics::Range range);

}  // namespace p2p::dashboard
