#include "logs/seq_tracker.hpp"

#include <algorithm>

namespace p2p::logs {

SeqTracker::Added SeqTracker::add(std::uint64_t first, std::uint64_t last) {
  if (last <= contiguous_) return Added::known;
  first = std::max(first, contiguous_ + 1);
  auto next = ranges_.upper_bound(first);
  auto at = next;
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= last) return Added::known;
    if (before->second + 1 >= first) at = before;
  }
  const bool touches_mark = first == contiguous_ + 1;
  const bool extends = at != next;
  if (!touches_mark && !extends && ranges_.size() >= kMaxRanges) return Added::refused;
  // Swallow every range that the new one touches.
  while (at != ranges_.end() && at->first <= last + 1) {
    first = std::min(first, at->first);
    last = std::max(last, at->second);
    at = ranges_.erase(at);
  }
  if (first == contiguous_ + 1)
    contiguous_ = last;
  else
    ranges_.emplace(first, last);
  return Added::fresh;
}

}  // namespace p2p::logs
