// What silence means: the part of the registry that runs by the clock.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "membership/registry.hpp"

namespace p2p::membership {
namespace {

std::string silence(const Node& node, Instant now) {
  return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(now.monotonic - node.last_rise));
}

}  // namespace

/// When a suspected node is to be called dead.
Monotonic Registry::death_of(const Node& node) const {
  const Monotonic by_silence = node.last_rise + rules_.dead_after;
  if (!node.refused_at) return by_silence;
  return std::min(by_silence, *node.refused_at + rules_.dead_after_refusal);
}

void Registry::judge(Instant now) {
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    const bool stays = at->first == self_id_ || judge_one(at->first, at->second, now);
    at = stays ? std::next(at) : bury(at, now);
  }
  expire_tombstones(now);
}

/// False when the node is to be reaped.
bool Registry::judge_one(const std::string& node_id, Node& node, Instant now) {
  if (node.status == NodeStatus::alive && now.monotonic - node.last_rise >= rules_.suspect_after) {
    node.status = NodeStatus::suspected;
    ++version_;
    say(EventKind::suspected, LogLevel::warning, node_id,
        fmt::format("{} is suspected: silent for {}", node_id, silence(node, now)));
  }
  if (node.status == NodeStatus::suspected && now.monotonic >= death_of(node)) {
    node.status = NodeStatus::dead;
    node.ended_at = now.monotonic;
    ++version_;
    say(EventKind::dead, LogLevel::warning, node_id,
        fmt::format("{} is dead: silent for {}", node_id, silence(node, now)));
  }
  if (node.status != NodeStatus::dead && node.status != NodeStatus::left) return true;
  const auto ended_for = now.monotonic - node.ended_at;
  if (ended_for < rules_.settle_after) return true;
  if (!lists_the_dead_) return false;
  set_offered(node, false);
  return node.status == NodeStatus::dead || ended_for < kLeftListed;
}

Monotonic Registry::next_judgement() const {
  Monotonic out = Monotonic::max();
  for (const auto& [node_id, node] : nodes_) {
    if (node_id == self_id_) continue;
    switch (node.status) {
      case NodeStatus::alive: out = std::min(out, node.last_rise + rules_.suspect_after); break;
      case NodeStatus::suspected: out = std::min(out, death_of(node)); break;
      case NodeStatus::dead:
        if (node.offered || !lists_the_dead_) out = std::min(out, node.ended_at + rules_.settle_after);
        break;
      case NodeStatus::left:
        out = std::min(out, node.ended_at + (node.offered ? rules_.settle_after : Monotonic::duration(kLeftListed)));
        break;
    }
  }
  return out;
}

bool Registry::forget(const std::string& node_id, bool and_incarnation, Instant now) {
  if (and_incarnation) tombstones_.erase(node_id);
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || node_id == self_id_) return false;
  bury(found, now);
  if (and_incarnation) tombstones_.erase(node_id);
  return true;
}

Registry::Nodes::iterator Registry::bury(Nodes::iterator at, Instant now) {
  Node& node = at->second;
  set_offered(node, false);
  tombstones_[at->first] = {version_of(*node.checked), node.heartbeat, now.wall + kTombstoneLife, false};
  say(EventKind::forgotten, LogLevel::info, at->first, fmt::format("{} is no longer listed", at->first));
  at = nodes_.erase(at);
  ++version_;
  while (tombstones_.size() > kMaxTombstones) {
    tombstones_.erase(std::min_element(tombstones_.begin(), tombstones_.end(),
                                       [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  }
  return at;
}

void Registry::expire_tombstones(Instant now) {
  std::erase_if(tombstones_, [&](const auto& entry) {
    // The second test is for a wall clock that was set back.
    return entry.second.until <= now.wall || entry.second.until > now.wall + 2 * kTombstoneLife;
  });
}

}  // namespace p2p::membership
