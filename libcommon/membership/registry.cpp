#include "membership/registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::membership {
namespace {

std::string first_address(const Record& record) {
  return record.addresses.empty() ? std::string("no address") : record.addresses.front();
}

}  // namespace

void Registry::put_self(CheckedRecordPtr own, Instant now) {
  Node& node = nodes_[self_id_];
  if (node.checked != nullptr) set_offered(node, false);
  node.bucket = bucket_of(self_id_);
  node.status = own->record.status == RecordStatus::left ? NodeStatus::left : NodeStatus::alive;
  node.checked = std::move(own);
  node.heartbeat = 1;
  node.last_rise = node.ended_at = now.monotonic;
  node.last_seen = now.wall;
  set_offered(node, true);
  tombstones_.erase(self_id_);
  ++version_;
}

void Registry::raise_own_heartbeat(Instant now) {
  const auto found = nodes_.find(self_id_);
  if (found == nodes_.end()) return;
  ++found->second.heartbeat;
  found->second.last_rise = now.monotonic;
  found->second.last_seen = now.wall;
}

Result<MergeOutcome> Registry::merge(const CheckedRecordPtr& checked, SignOfLife sign, Instant now) {
  const std::string& node_id = checked->record.node_id;
  const RecordVersion version = version_of(*checked);
  const Heartbeat heartbeat{node_id, version.incarnation, sign.counter, sign.age};
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end()) {
    lift_tombstone(heartbeat);
    const auto grave = tombstones_.find(node_id);
    if (grave != tombstones_.end()) {
      const Tombstone& tombstone = grave->second;
      if (version < tombstone.version || (version == tombstone.version && !tombstone.lifted)) {
        return MergeOutcome::older;
      }
    }
    if (nodes_.size() >= kMaxNodes) {
      return Error(Errc::too_large, fmt::format("record of {}: already {} nodes are known", node_id, kMaxNodes));
    }
    if (grave != tombstones_.end()) tombstones_.erase(grave);
    insert(checked, now);
    hear_one(nodes_.find(node_id), heartbeat, now);
    return MergeOutcome::added;
  }
  const RecordVersion held = version_of(*found->second.checked);
  if (version < held) return MergeOutcome::older;
  const bool news = version > held;
  if (news) replace(found->second, checked, now);
  hear_one(found, heartbeat, now);
  return news ? MergeOutcome::replaced : MergeOutcome::same;
}

Node& Registry::insert(const CheckedRecordPtr& checked, Instant now) {
  Node& node = nodes_[checked->record.node_id];
  node.checked = checked;
  node.last_rise = now.monotonic;
  node.bucket = bucket_of(checked->record.node_id);
  node.linked = links_.contains(checked->record.node_id);
  if (checked->record.status == RecordStatus::left) {
    node.status = NodeStatus::left;
    node.ended_at = now.monotonic;
  }
  ++version_;
  return node;
}

void Registry::replace(Node& node, const CheckedRecordPtr& checked, Instant now) {
  const CheckedRecordPtr before = node.checked;
  const Record& record = checked->record;
  const bool was_offered = node.offered;
  set_offered(node, false);
  node.checked = checked;
  set_offered(node, was_offered);
  ++version_;
  if (record.incarnation > before->record.incarnation) {
    node.heartbeat = 0;
  } else {
    say(EventKind::conflict, LogLevel::warning, record.node_id,
        fmt::format("two different records of {} carry incarnation {}; the one with the larger hash is kept",
                    record.node_id, record.incarnation));
  }
  if (record.status == RecordStatus::left) {
    if (node.status != NodeStatus::left) {
      say(EventKind::left, LogLevel::info, record.node_id, fmt::format("{} left", record.node_id));
    }
    node.status = NodeStatus::left;
    node.ended_at = now.monotonic;
    node.last_seen = now.wall;
  } else if (node.status == NodeStatus::left) {
    node.status = NodeStatus::suspected;
    node.last_rise = now.monotonic;
  } else if (node.status == NodeStatus::alive) {
    note_update(before->record, record);
  }
}

void Registry::note_update(const Record& before, const Record& after) {
  Record comparable = before;
  comparable.incarnation = after.incarnation;
  if (comparable == after) return;
  say(EventKind::updated, LogLevel::debug, after.node_id,
      fmt::format("{} changed: version {}, {} services, {}", after.node_id, after.version, after.services.size(),
                  first_address(after)));
}

bool Registry::hear(std::span<const Heartbeat> heartbeats, Instant now) {
  bool own_overtaken = false;
  auto at = nodes_.begin();
  for (const Heartbeat& heartbeat : heartbeats) {
    // Both lists are sorted as a rule: the next match is usually a step or two ahead.
    for (int step = 0; step < 2 && at != nodes_.end() && at->first < heartbeat.node_id; ++step) ++at;
    if (at == nodes_.end() || at->first != heartbeat.node_id) at = nodes_.lower_bound(heartbeat.node_id);
    if (at != nodes_.end() && at->first == heartbeat.node_id) {
      own_overtaken |= hear_one(at, heartbeat, now);
    } else if (!tombstones_.empty()) {
      lift_tombstone(heartbeat);
    }
  }
  return own_overtaken;
}

bool Registry::hear_one(Nodes::iterator at, const Heartbeat& heartbeat, Instant now) {
  Node& node = at->second;
  if (heartbeat.incarnation != node.checked->record.incarnation || heartbeat.counter <= node.heartbeat) return false;
  if (at->first == self_id_) return true;
  if (node.status == NodeStatus::left) return false;
  node.heartbeat = heartbeat.counter;
  const Instant risen{now.monotonic - heartbeat.age, now.wall - heartbeat.age};
  // Old news, or on its way since before its link broke and nobody answered.
  if (heartbeat.age >= rules_.suspect_after || (node.refused_at && risen.monotonic <= *node.refused_at)) return false;
  rise(at->first, node, risen);
  return false;
}

void Registry::lift_tombstone(const Heartbeat& heartbeat) {
  const auto found = tombstones_.find(heartbeat.node_id);
  if (found == tombstones_.end() || found->second.version.incarnation != heartbeat.incarnation) return;
  if (heartbeat.counter > found->second.heartbeat && heartbeat.age < rules_.suspect_after) found->second.lifted = true;
}

void Registry::touch(const std::string& node_id, Instant now) {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || node_id == self_id_ || found->second.status == NodeStatus::left) return;
  rise(node_id, found->second, now);
}

void Registry::rise(const std::string& node_id, Node& node, Instant when) {
  node.refused_at.reset();
  if (node.status == NodeStatus::alive) {
    node.last_rise = std::max(node.last_rise, when.monotonic);
    node.last_seen = std::max(node.last_seen, when.wall);
    return;
  }
  const bool is_new = node.last_seen == WallTime{};
  say(EventKind::alive, LogLevel::info, node_id,
      is_new ? fmt::format("{} ({}) is alive at {}", node_id, pki::to_string(node.checked->role),
                           first_address(node.checked->record))
             : fmt::format("{} is alive again", node_id));
  node.status = NodeStatus::alive;
  node.last_rise = when.monotonic;
  node.last_seen = when.wall;
  set_offered(node, true);
  ++version_;
}

void Registry::set_linked(const std::string& node_id, bool linked) {
  linked ? void(links_.insert(node_id)) : void(links_.erase(node_id));
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || found->second.linked == linked) return;
  found->second.linked = linked;
  ++version_;
}

void Registry::set_dialable(const std::string& node_id, std::optional<bool> dialable) {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || found->second.dialable == dialable) return;
  found->second.dialable = dialable;
  ++version_;
}

void Registry::avoid(const std::string& node_id, Monotonic until) {
  const auto found = nodes_.find(node_id);
  if (found != nodes_.end()) found->second.avoid_until = until;
}

void Registry::mark_refused(const std::string& node_id, Instant now) {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end() || node_id == self_id_) return;
  Node& node = found->second;
  if (node.status != NodeStatus::alive && node.status != NodeStatus::suspected) return;
  if (!node.refused_at) {
    node.refused_at = now.monotonic;
    ++version_;
  }
  if (node.status == NodeStatus::suspected) return;
  node.status = NodeStatus::suspected;
  say(EventKind::suspected, LogLevel::warning, node_id,
      fmt::format("{} is suspected: its link broke and nobody answers at {}", node_id,
                  first_address(node.checked->record)));
}

void Registry::set_offered(Node& node, bool offered) {
  if (node.offered == offered) return;
  node.offered = offered;
  const std::uint64_t term = bucket_term(short_form(node.checked->hash));
  std::uint64_t& sum = buckets_[node.bucket];
  offered ? sum += term : sum -= term;
}

const Node* Registry::find(std::string_view node_id) const {
  const auto found = nodes_.find(node_id);
  return found == nodes_.end() ? nullptr : &found->second;
}

std::optional<RecordVersion> Registry::known_version(std::string_view node_id) const {
  if (const Node* node = find(node_id)) return version_of(*node->checked);
  const auto grave = tombstones_.find(node_id);
  if (grave != tombstones_.end() && !grave->second.lifted) return grave->second.version;
  return std::nullopt;
}

void Registry::restore(const CheckedRecordPtr& checked, NodeStatus status, WallTime last_seen, Instant now) {
  if (checked->record.node_id == self_id_ || nodes_.size() >= kMaxNodes) return;
  Node& node = insert(checked, now);
  node.last_seen = last_seen;
  node.ended_at = now.monotonic;
  if (status == NodeStatus::dead && node.status != NodeStatus::left) {
    node.status = NodeStatus::dead;
  }
  set_offered(node, node.status != NodeStatus::dead);
}

void Registry::say(EventKind kind, LogLevel level, const std::string& node_id, std::string text) {
  events_.push_back({kind, level, node_id, std::move(text)});
}

}  // namespace p2p::membership
