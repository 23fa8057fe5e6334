#include "logs/memory_spool.hpp"

namespace p2p::logs {
namespace {

/// Node of the map, allocation of the item, place in the queue of its level.
constexpr std::size_t kEntryOverhead = 160;

}  // namespace

std::size_t MemorySpool::cost_of(const Entry& entry) { return kEntryOverhead + entry.item.size(); }

void MemorySpool::append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) {
  positions_.set(position);
  const auto at = entries_.emplace_hint(entries_.end(), seq, Entry{seq, level, std::move(item), {}});
  bytes_ += cost_of(at->second);
  last_seq_ = seq;
  by_level_[static_cast<std::size_t>(level)].push_back(seq);
  while (bytes_ > max_bytes_ && drop_one()) {
  }
}

bool MemorySpool::drop_one() {
  for (auto& queue : by_level_) {
    while (!queue.empty()) {
      const std::uint64_t seq = queue.front();
      queue.pop_front();
      if (seq <= sent_seq_) continue;
      drop(entries_.find(seq));
      return true;
    }
  }
  return false;
}

bool MemorySpool::is_fresh_gap(Entries::const_iterator at) const {
  return at != entries_.end() && at->second.item.empty() && at->first > sent_seq_;
}

void MemorySpool::drop(Entries::iterator at) {
  bytes_ -= cost_of(at->second);
  at->second.item = Bytes();
  at->second.lost[static_cast<std::size_t>(at->second.level)] = 1;
  bytes_ += cost_of(at->second);
  const auto absorb_next = [&](Entries::iterator gap) {
    const auto next = std::next(gap);
    if (!is_fresh_gap(gap) || !is_fresh_gap(next)) return;
    gap->second.last_seq = next->second.last_seq;
    for (std::size_t i = 0; i < gap->second.lost.size(); ++i) gap->second.lost[i] += next->second.lost[i];
    bytes_ -= cost_of(next->second);
    entries_.erase(next);
  };
  absorb_next(at);
  if (at != entries_.begin()) absorb_next(std::prev(at));
}

SpoolChunk MemorySpool::read_from(std::uint64_t seq, std::size_t max_bytes) const {
  SpoolChunk out;
  auto at = entries_.upper_bound(seq);
  if (at != entries_.begin() && std::prev(at)->second.last_seq >= seq) --at;
  for (; at != entries_.end() && out.item_count < kMaxItemsPerMessage; ++at) {
    const Entry& entry = at->second;
    const Bytes gap = entry.item.empty() ? encode_item(Gap{at->first, entry.last_seq, entry.lost}) : Bytes();
    const Bytes& item = entry.item.empty() ? gap : entry.item;
    if (out.item_count > 0 && out.items.size() + item.size() > max_bytes) break;
    out.items.insert(out.items.end(), item.begin(), item.end());
    ++out.item_count;
    out.last_seq = entry.last_seq;
  }
  return out;
}

SpoolChunk MemorySpool::take_from(std::uint64_t seq, std::size_t max_bytes) {
  SpoolChunk out = read_from(seq, max_bytes);
  mark_sent(out.last_seq);
  return out;
}

void MemorySpool::mark_sent(std::uint64_t seq) { sent_seq_ = std::max(sent_seq_, seq); }

void MemorySpool::acknowledge(std::uint64_t seq) {
  while (!entries_.empty() && entries_.begin()->second.last_seq <= seq) {
    bytes_ -= cost_of(entries_.begin()->second);
    entries_.erase(entries_.begin());
  }
  mark_sent(seq);
  for (auto& queue : by_level_) {
    while (!queue.empty() && queue.front() <= seq) queue.pop_front();
  }
}

}  // namespace p2p::logs
