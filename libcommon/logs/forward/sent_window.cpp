#include "logs/forward/sent_window.hpp"

#include <algorithm>

namespace p2p::logs {

void SentWindow::sent(std::uint64_t number, std::uint64_t stream_bytes, WallTime stored_at, Monotonic now) {
  marks_.push_back({number, stream_bytes, stored_at, now});
}

void SentWindow::acknowledged(std::uint64_t stream_bytes, Monotonic now) {
  for (const auto& mark : marks_) {
    if (mark.stream_bytes > stream_bytes) break;
    taken_ = std::max(taken_, mark.number);
  }
  while (!marks_.empty() && marks_.front().number <= taken_ && marks_.front().sent_at + kResendWindow <= now) {
    safe_ = marks_.front().number;
    marks_.pop_front();
  }
}

std::optional<WallTime> SentWindow::oldest() const {
  const auto found = std::find_if(marks_.begin(), marks_.end(), [&](const Mark& mark) { return mark.number > taken_; });
  if (found == marks_.end()) return {};
  return found->stored_at;
}

void SentWindow::connection_ended(bool in_order) {
  marks_.clear();
  if (in_order)
    safe_ = taken_;
  else
    taken_ = safe_;
}

}  // namespace p2p::logs
