// Anti-entropy between two registries: what differs, what to send, what to ask for. Both sides end equal. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "membership/message.hpp"
#include "membership/registry.hpp"

namespace p2p::membership {

/// A record of the registry, ready to be sent. Only for those judged alive a heartbeat is passed on.
CarriedRecord carry(const Node& node, bool with_certificate, Instant now);

/// What this node has heard of those it judges alive, sorted by node_id: at most kMaxHeartbeats, the last risen first
/// when there are more.
std::vector<Heartbeat> heartbeats_of(const Registry& registry, Instant now);

/// Whom this node suspects: `peer` first of all (also when it is forgotten already), then others, at most
/// kMaxSuspicions.
std::vector<Suspicion> suspicions_of(const Registry& registry, std::string_view peer);

/// Answers a digest: what this node has in the buckets that differ, as many of them as fit into a page.
DiffMessage answer_digest(const Registry& registry, const BucketSums& theirs);

/// Answers the wanted part of a pull, as many as fit into a page.
RecordsMessage answer_wanted(const Registry& registry, const std::vector<Wanted>& wanted, Instant now);

/// What the side that asked still has to send and to get after a diff.
class PullPlan {
 public:
  PullPlan() = default;
  PullPlan(const Registry& registry, const DiffMessage& diff);

  bool done() const { return to_send_.empty() && to_get_.empty(); }
  /// The next request: a page of records and all that is still wanted. Records that are gone meanwhile are skipped.
  PullMessage next(const Registry& registry, const std::string& cluster_name, Instant now);
  /// Takes what arrived off the list. What a whole answer did not move is given up: false then.
  bool note_arrival(const std::vector<std::string>& node_ids);

 private:
  struct Outgoing {
    std::string node_id;
    bool with_certificate = true;
  };
  std::vector<Outgoing> to_send_;  ///< the next one last
  std::vector<Wanted> to_get_;
};

}  // namespace p2p::membership
