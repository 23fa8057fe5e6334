#include "logs/spool/epochs.hpp"

#include <algorithm>

#include "logs/record.hpp"

namespace p2p::logs {

std::deque<Epochs::Entry>::const_iterator Epochs::find(std::uint64_t seq) const {
  const auto after = std::upper_bound(list_.begin(), list_.end(), seq,
                                      [](std::uint64_t value, const Entry& entry) { return value < entry.first_seq; });
  return after == list_.begin() ? after : std::prev(after);
}

std::uint64_t Epochs::end_at(std::uint64_t seq) const {
  const auto next = std::next(find(seq));
  return next == list_.end() ? kMaxSeq : next->first_seq - 1;
}

void Epochs::add(std::uint64_t first_seq, std::uint64_t epoch) {
  if (list_.back().epoch == epoch) return;
  while (!list_.empty() && list_.back().first_seq >= first_seq) list_.pop_back();
  list_.push_back({first_seq, epoch});
}

void Epochs::forget_before(std::uint64_t seq) {
  while (list_.size() > 1 && list_[1].first_seq <= seq) list_.pop_front();
}

}  // namespace p2p::logs
