// The registry as other threads read it: an immutable snapshot, published by pointer with each change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "membership/record.hpp"
#include "membership/signing.hpp"
#include "membership/status.hpp"
#include "pki/identity.hpp"

namespace p2p::membership {

class Registry;

struct NodeView {
  std::shared_ptr<const Record> record;  ///< never null: node_id, addresses, services, version, incarnation, …
  std::shared_ptr<const SignerCertificate> certificate;  ///< never null: the one that it signed the record with
  pki::Role role = pki::Role::worker;
  NodeStatus status = NodeStatus::suspected;
  WallTime last_seen{};          ///< 0 = never; renewed at least each gossip interval
  bool linked = false;           ///< a link to it is open
  std::optional<bool> dialable;  ///< tried by this node; unknown until then
  bool refused = false;          ///< its link broke and nobody answered there, since it was last seen

  const std::string& node_id() const { return record->node_id; }
};

struct ClusterView {
  std::string self_id;
  std::vector<NodeView> nodes;  ///< sorted by node_id, this node among them

  /// nullptr when it is not listed.
  const NodeView* find(std::string_view node_id) const;
};
using ClusterViewPtr = std::shared_ptr<const ClusterView>;

ClusterViewPtr make_view(const Registry& registry);

/// The answer of `cluster.nodes`: an array of {node_id, role, status, version, addresses, services: [{name, version}],
/// incarnation, started_at (RFC 3339), last_seen (RFC 3339 or null), last_seen_ms (that long ago at `now`, or null),
/// link (a link to it is open), dialable (true, false or null)}.
Json to_json(const ClusterView& view, WallTime now);

}  // namespace p2p::membership
