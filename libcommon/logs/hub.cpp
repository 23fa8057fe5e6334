#include "logs/hub.hpp"

#include <algorithm>

namespace p2p::logs {

void Hub::publish(CommittedBatchPtr batch) {
  {
    const std::lock_guard lock(mutex_);
    bytes_ += batch->bytes;
    last_ = batch->last_number;
    ring_.push_back(std::move(batch));
    while (bytes_ > max_bytes_ && !ring_.empty()) {
      bytes_ -= ring_.front()->bytes;
      forgotten_ = ring_.front()->last_number;
      ring_.pop_front();
    }
  }
  const std::lock_guard lock(subscribers_mutex_);
  for (const auto* subscriber : subscribers_) subscriber->wake_();
}

Hub::News Hub::after(std::uint64_t number, std::size_t max_records) const {
  News out;
  const std::lock_guard lock(mutex_);
  if (number >= last_) return out;
  out.in_memory = number >= forgotten_;
  if (!out.in_memory) return out;
  auto at = std::upper_bound(ring_.begin(), ring_.end(), number,
                             [](std::uint64_t value, const auto& batch) { return value < batch->last_number; });
  std::size_t records = 0;
  for (; at != ring_.end() && records < max_records; ++at) {
    records += (*at)->records.size();
    out.batches.push_back(*at);
  }
  return out;
}

Hub::Subscription::Subscription(Hub& hub, std::function<void()> wake) : hub_(hub), wake_(std::move(wake)) {
  const std::lock_guard lock(hub_.subscribers_mutex_);
  hub_.subscribers_.push_back(this);
}

Hub::Subscription::~Subscription() {
  const std::lock_guard lock(hub_.subscribers_mutex_);
  hub_.subscribers_.erase(std::find(hub_.subscribers_.begin(), hub_.subscribers_.end(), this));
}

}  // namespace p2p::logs
