#include "logs/seq_times.hpp"

namespace p2p::logs {

void SeqTimes::appended(std::uint64_t seq, Monotonic now) {
  if (!marks_.empty() && now - marks_.back().at < step_) return;
  if (marks_.size() == kMostMarks) {
    std::deque<Mark> kept;
    for (std::size_t i = 0; i < marks_.size(); i += 2) kept.push_back(marks_[i]);
    marks_.swap(kept);
    step_ *= 2;
  }
  marks_.push_back({seq, now});
}

Monotonic SeqTimes::time_of(std::uint64_t seq) {
  while (marks_.size() > 1 && marks_[1].seq <= seq) marks_.pop_front();
  if (marks_.size() <= 1) step_ = kStep;
  return marks_.empty() ? Monotonic() : marks_.front().at;
}

}  // namespace p2p::logs
