// `gossip_state_file`: what a node remembers of the fleet over a restart. JSON, version 1:
// {"version": 1, "node_id", "incarnation", "nodes": [{"record", "signature", "certificate" (base64url), "status",
// "last_seen" (RFC 3339 or null)}], "tombstones": [{"node_id", "incarnation", "hash", "heartbeat", "until"}],
// "bulletins": [{"kind", "content" (base64url)}]}; the last may be missing. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "membership/bulletin.hpp"
#include "membership/registry.hpp"

namespace p2p::membership {

struct SavedNode {
  SignedRecord signed_record;
  NodeStatus status = NodeStatus::suspected;
  WallTime last_seen{};
};

struct SavedState {
  std::uint64_t incarnation = 0;  ///< of this node
  std::vector<SavedNode> nodes;
  std::vector<std::pair<std::string, Tombstone>> tombstones;
  CarriedBulletins bulletins;
};

struct LoadedState {
  SavedState state;
  std::vector<std::string> complaints;  ///< one sentence for each damaged or foreign part that was left out
};

/// All but the bulletins.
SavedState state_of(const Registry& registry);

std::string encode_state(const SavedState& state, std::string_view node_id);

/// Never fails: what is damaged is left out and named. A state of another node_id gives nothing but a complaint, and so
/// does an empty text: a first start has no file. Signatures are checked by whoever restores it.
LoadedState decode_state(std::string_view text, std::string_view node_id);

}  // namespace p2p::membership
