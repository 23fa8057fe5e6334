// The table of p2p-ctl top: from what the nodes answered to lines on a screen.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cli/table.hpp"

namespace p2p::ctl {

/// Counters of one node at one moment.
struct Sample {
  std::string start;  ///< when its process started, so that counters of another one are not compared
  double busy_seconds = 0, total_seconds = 0;
  std::uint64_t requests = 0;
};

/// One line. What is not known is not there.
struct NodeLoad {
  std::string node, role, status, version;
  std::optional<std::chrono::seconds> uptime{};
  std::optional<double> cpu_percent{};     ///< of all processors, since the look before
  std::optional<double> memory_percent{};  ///< that is in use
  std::optional<double> load{};            ///< average of a minute
  std::optional<std::uint64_t> resident_bytes{}, connections{};
  std::optional<double> requests_per_second{};
  std::optional<Sample> sample{};  ///< for the next look
};

/// `nodes` is the answer of cluster.nodes, `answers` that of a broadcast of system.metrics. `before` are the samples of
/// the look `elapsed` ago. Ordered by the busiest; nodes without figures come last, in their natural order.
std::vector<NodeLoad> loads_of(const Json& nodes, const Json& answers, const std::map<std::string, Sample>& before,
                               std::chrono::duration<double> elapsed, WallTime now);

/// {node, role, status, version, uptime_seconds, cpu_percent, memory_percent, load, resident_bytes, connections,
/// requests_per_second}; null where it is not known.
Json to_json(const NodeLoad& load);

/// A headline and the table, at most `height` lines (0: no bound), of which the last says how many nodes are left out.
/// Columns for which there is no room are left out, too.
std::string render_top(const std::vector<NodeLoad>& loads, const std::string& coordinator, const cli::Surface& surface,
                       std::size_t height);

}  // namespace p2p::ctl
