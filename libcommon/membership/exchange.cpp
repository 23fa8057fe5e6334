#include "membership/exchange.hpp"

#include <algorithm>
#include <map>

namespace p2p::membership {
namespace {

Listed listed(const Node& node) {
  const CheckedRecord& checked = *node.checked;
  return {checked.record.node_id, checked.record.incarnation, short_form(checked.hash),
          short_form(checked.certificate_hash)};
}

RecordVersion version_of(const Listed& line) { return {line.incarnation, line.short_hash}; }

std::uint64_t held_certificate(const Registry& registry, const std::string& node_id) {
  const Node* node = registry.find(node_id);
  return node == nullptr ? 0 : short_form(node->checked->certificate_hash);
}

std::chrono::milliseconds age_of(const Node& node, Instant now) {
  return std::chrono::ceil<std::chrono::milliseconds>(now.monotonic - node.last_rise);
}

}  // namespace

CarriedRecord carry(const Node& node, bool with_certificate, Instant now) {
  // The record lives inside the checked one and keeps it alive.
  return {std::shared_ptr<const SignedRecord>(node.checked, &node.checked->signed_record), with_certificate,
          node.status == NodeStatus::alive ? node.heartbeat : 0, age_of(node, now)};
}

std::vector<Heartbeat> heartbeats_of(const Registry& registry, Instant now) {
  using Entry = const Registry::Nodes::value_type*;
  std::vector<Entry> lively;
  lively.reserve(registry.nodes().size());
  for (const auto& entry : registry.nodes()) {
    if (entry.second.status == NodeStatus::alive && entry.second.heartbeat > 0) lively.push_back(&entry);
  }
  if (lively.size() > kMaxHeartbeats) {
    // This node's own comes first: nobody else knows it yet.
    const auto risen = [&](Entry entry) {
      return entry->first == registry.self_id() ? Monotonic::max() : entry->second.last_rise;
    };
    std::nth_element(lively.begin(), lively.begin() + kMaxHeartbeats, lively.end(),
                     [&](Entry a, Entry b) { return risen(a) > risen(b); });
    lively.resize(kMaxHeartbeats);
    std::sort(lively.begin(), lively.end(), [](Entry a, Entry b) { return a->first < b->first; });
  }
  std::vector<Heartbeat> out;
  out.reserve(lively.size());
  for (const Entry entry : lively) {
    const Node& node = entry->second;
    out.push_back({entry->first, node.checked->record.incarnation, node.heartbeat, age_of(node, now)});
  }
  return out;
}

std::vector<Suspicion> suspicions_of(const Registry& registry, std::string_view peer) {
  std::vector<Suspicion> out;
  const Node* known = registry.find(peer);
  const auto grave = registry.tombstones().find(peer);
  if (known == nullptr && grave != registry.tombstones().end()) {
    out.push_back({grave->first, grave->second.version.incarnation});
  } else if (known != nullptr && known->status != NodeStatus::alive && known->status != NodeStatus::left) {
    out.push_back({std::string(peer), known->checked->record.incarnation});
  }
  for (const auto& [node_id, node] : registry.nodes()) {
    if (out.size() >= kMaxSuspicions) break;
    const bool is_doubted = node.status == NodeStatus::suspected || node.status == NodeStatus::dead;
    // One that was never heard of is merely unknown.
    if (!is_doubted || !node.offered || node.last_seen == WallTime{} || node_id == peer) continue;
    out.push_back({node_id, node.checked->record.incarnation});
  }
  return out;
}

DiffMessage answer_digest(const Registry& registry, const BucketSums& theirs) {
  const BucketSet differing = differing_buckets(registry.buckets(), theirs);
  DiffMessage out;
  if (differing.none()) return out;
  std::array<std::vector<Listed>, kBucketCount> by_bucket;
  for (const auto& [node_id, node] : registry.nodes()) {
    if (node.offered && differing[node.bucket]) by_bucket[node.bucket].push_back(listed(node));
  }
  std::size_t bytes = 0;
  for (std::size_t bucket = 0; bucket < kBucketCount; ++bucket) {
    if (!differing[bucket]) continue;
    std::size_t more = 0;
    for (const Listed& line : by_bucket[bucket]) more += wire_size(line);
    if (out.covered.any() && bytes + more > kMaxPageBytes) break;
    bytes += more;
    out.covered.set(bucket);
    std::move(by_bucket[bucket].begin(), by_bucket[bucket].end(), std::back_inserter(out.listing));
  }
  return out;
}

RecordsMessage answer_wanted(const Registry& registry, const std::vector<Wanted>& wanted, Instant now) {
  RecordsMessage out;
  std::size_t bytes = 0;
  for (const Wanted& one : wanted) {
    const Node* node = registry.find(one.node_id);
    if (node == nullptr || !node->offered) continue;
    const CarriedRecord record =
        carry(*node, short_form(node->checked->certificate_hash) != one.short_certificate, now);
    bytes += wire_size(record);
    if (!out.records.empty() && bytes > kMaxPageBytes) break;
    out.records.push_back(record);
  }
  return out;
}

PullPlan::PullPlan(const Registry& registry, const DiffMessage& diff) {
  std::map<std::string_view, const Listed*> theirs;
  for (const Listed& line : diff.listing) theirs[line.node_id] = &line;
  for (const auto& [node_id, line] : theirs) {
    const auto known = registry.known_version(node_id);
    if (known && *known >= version_of(*line)) continue;
    to_get_.push_back({line->node_id, held_certificate(registry, line->node_id)});
  }
  for (const auto& [node_id, node] : registry.nodes()) {
    if (!node.offered || !diff.covered[node.bucket]) continue;
    const auto line = theirs.find(node_id);
    if (line == theirs.end()) {
      to_send_.push_back({node_id, true});
    } else if (version_of(*line->second) < membership::version_of(*node.checked)) {
      to_send_.push_back({node_id, line->second->short_certificate != short_form(node.checked->certificate_hash)});
    }
  }
}

PullMessage PullPlan::next(const Registry& registry, const std::string& cluster_name, Instant now) {
  PullMessage out;
  out.cluster_name = cluster_name;
  out.wanted.assign(to_get_.begin(),
                    to_get_.begin() + static_cast<std::ptrdiff_t>(std::min(to_get_.size(), kMaxWanted)));
  std::size_t bytes = 0;
  while (!to_send_.empty()) {
    const Node* node = registry.find(to_send_.back().node_id);
    if (node != nullptr && node->offered) {
      const CarriedRecord record = carry(*node, to_send_.back().with_certificate, now);
      bytes += wire_size(record);
      if (!out.records.empty() && bytes > kMaxPageBytes) break;
      out.records.push_back(record);
    }
    to_send_.pop_back();
  }
  return out;
}

bool PullPlan::note_arrival(const std::vector<std::string>& node_ids) {
  const std::set<std::string_view> arrived(node_ids.begin(), node_ids.end());
  const std::size_t moved = std::erase_if(to_get_, [&](const Wanted& one) { return arrived.contains(one.node_id); });
  if (moved > 0) return true;
  to_get_.clear();
  return !to_send_.empty();
}

}  // namespace p2p::membership
