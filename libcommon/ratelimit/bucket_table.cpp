#include "ratelimit/bucket_table.hpp"

#include <algorithm>

namespace p2p::ratelimit {

using std::chrono::nanoseconds;

Refill Refill::of(Rate rate) {
  return {std::max(nanoseconds(1), nanoseconds(std::chrono::minutes(1)) / static_cast<std::int64_t>(rate.per_minute)),
          rate.burst};
}

Refill Refill::times(unsigned factor) const { return {std::max(nanoseconds(1), interval / factor), burst * factor}; }

BucketTable::BucketTable(std::size_t max_slots) : max_slots_(max_slots), slots_(kWays) {}

BucketTable::Answer BucketTable::take(std::uint64_t key, const Refill& refill, std::uint64_t cost, std::uint64_t paid,
                                      Monotonic now) {
  const std::int64_t at = nanoseconds(now.time_since_epoch()).count();
  Slot* slot = find(key, at);
  while (slot == nullptr && slots_.size() < max_slots_) {
    grow(at);
    slot = find(key, at);
  }
  if (slot == nullptr) return {Outcome::no_room};
  const std::int64_t interval = refill.interval.count();
  const std::int64_t empty = at + interval * static_cast<std::int64_t>(refill.burst);
  // No emptier than empty, and filling up from now on: what it was may date from a slower rate.
  if (slot->full_at > empty) slot->full_at = empty;
  const std::int64_t full_at = std::max(slot->full_at, at);
  if (full_at + interval * static_cast<std::int64_t>(cost - paid) > empty) {
    // A full bucket refuses nothing, so this is the key's own slot.
    slot->full_at -= interval * static_cast<std::int64_t>(paid);
    return {Outcome::refused, nanoseconds(slot->full_at + interval * static_cast<std::int64_t>(cost) - empty)};
  }
  *slot = {key, full_at + interval * static_cast<std::int64_t>(cost - paid)};
  return {};
}

BucketTable::Outcome BucketTable::look(std::uint64_t key, const Refill& refill, Monotonic now) {
  const std::int64_t at = nanoseconds(now.time_since_epoch()).count();
  const Slot* const slot = find(key, at);
  if (slot == nullptr) return slots_.size() < max_slots_ ? Outcome::taken : Outcome::no_room;
  const std::int64_t interval = refill.interval.count();
  const std::int64_t last = at + interval * (static_cast<std::int64_t>(refill.burst) - 1);
  return slot->key == key && slot->full_at > last ? Outcome::refused : Outcome::taken;
}

/// The slot of this key, else one whose bucket is full: the oldest of these.
BucketTable::Slot* BucketTable::find(std::uint64_t key, std::int64_t now) {
  Slot* const begin = &slots_[(key & (slots_.size() / kWays - 1)) * kWays];
  Slot* oldest = begin;
  for (Slot* slot = begin; slot != begin + kWays; ++slot) {
    if (slot->key == key) return slot;
    if (slot->full_at < oldest->full_at) oldest = slot;
  }
  return oldest->full_at <= now ? oldest : nullptr;
}

/// Twice the slots: what shared a place is spread over two.
void BucketTable::grow(std::int64_t now) {
  std::vector<Slot> bigger(slots_.size() * 2);
  bigger.swap(slots_);
  for (const Slot& slot : bigger) {
    if (slot.full_at > now) *find(slot.key, now) = slot;
  }
}

}  // namespace p2p::ratelimit
