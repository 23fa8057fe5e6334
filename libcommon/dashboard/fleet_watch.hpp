// What a coordinator knows of the fleet at one moment, and what comes of it each second: what pages show of every node,
// judged, and the points of the charts. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dashboard/node_watch.hpp"
#include "dashboard/snapshot.hpp"
#include "membership/cluster_view.hpp"
#include "pki/revocation.hpp"

namespace p2p::dashboard {

/// What is known at one moment, beside the figures that nodes tell. What it refers to outlives the call.
struct Sight {
  Monotonic now;
  WallTime date;
  const membership::ClusterView& view;
  const LogCounts& logs;
  std::uint64_t log_records = 0;  ///< of all nodes, since the start of this process
  /// How far the clock of a node is ahead of this one's.
  std::function<std::optional<std::chrono::milliseconds>(const std::string& node_id)> clock_offset;
  pki::RevocationLists revoked;                ///< by the lists that the coordinator holds
  std::optional<std::string> log_trouble;      ///< why no log records are stored
  std::optional<std::string> history_trouble;  ///< why the charts are not saved
};

/// Membership lists a node no more once its certificate was revoked. So long it is shown all the same, as the cause of
/// what it lacks, unless it comes back with a new one, or the reason says that it was taken out of the fleet; and no
/// more of them than that.
inline constexpr std::chrono::minutes kRevokedShown{10};
inline constexpr std::size_t kMaxRevokedShown = 100;

/// One second of the fleet.
struct Picture {
  Snapshot snapshot;
  metrics::SeriesValues fleet{};                                     ///< its point of the charts
  std::vector<std::pair<std::string, metrics::SeriesValues>> nodes;  ///< of those that tell figures
};

/// One thread.
class FleetWatch {
 public:
  /// `self_id` is the coordinator that watches.
  FleetWatch(std::string fleet_name, std::string self_id)
      : fleet_name_(std::move(fleet_name)), self_id_(std::move(self_id)) {}

  /// What a node tells; of more than metrics::kMaxHistories nodes that were never in sight nothing is kept.
  void take(const std::string& node_id, metrics::NodeFigures figures, Monotonic now);
  /// Once a second. Lets go of nodes that are not in sight any more.
  Picture look(const Sight& sight);

 private:
  class Sums;
  struct Watched {
    NodeWatch watch;
    // What membership last knew of it.
    NodeEntry seen;
    std::shared_ptr<const membership::SignerCertificate> certificate;
  };
  struct Dropped {
    NodeEntry entry;
    Monotonic since;
  };
  NodeEntry entry_of(const membership::NodeView& node, const Sight& sight) const;
  void let_go(const Sight& sight);
  FleetEntry fleet_entry(const Sight& sight, const Sums& sums) const;
  metrics::SeriesValues fleet_point(const Sums& sums) const;

  const std::string fleet_name_, self_id_;
  std::map<std::string, Watched, std::less<>> nodes_;
  std::map<std::string, Dropped, std::less<>> dropped_;  // their certificates were revoked
  metrics::CounterWindow logs_;
};

}  // namespace p2p::dashboard
