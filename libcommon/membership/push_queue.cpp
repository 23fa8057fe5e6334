#include "membership/push_queue.hpp"

#include <algorithm>
#include <utility>

namespace p2p::membership {

void PushQueue::add(const std::string& node_id, bool with_certificate, Instant now) {
  if (waiting_.size() >= kMaxPushRecords && !waiting_.contains(node_id)) return;
  waiting_[node_id] |= with_certificate;
  if (due_ == Monotonic::max()) due_ = std::max(now.monotonic, last_push_ + kSpacing);
}

std::shared_ptr<const PushMessage> PushQueue::take(const Registry& registry, Instant now) {
  if (now.monotonic < due_) return nullptr;
  due_ = Monotonic::max();
  last_push_ = now.monotonic;
  auto out = std::make_shared<PushMessage>();
  std::size_t bytes = 0;
  for (const auto& [node_id, with_certificate] : std::exchange(waiting_, {})) {
    const Node* node = registry.find(node_id);
    if (node == nullptr) continue;
    const CarriedRecord record = carry(*node, with_certificate, now);
    bytes += wire_size(record);
    if (bytes > kMaxPageBytes) break;
    out->records.push_back(record);
  }
  if (out->records.empty()) return nullptr;
  return out;
}

}  // namespace p2p::membership
