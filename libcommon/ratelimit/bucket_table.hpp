// Token buckets by key in bounded memory. A bucket that is full again is forgotten, as it says nothing; one that is not
// is never given up for another, so that nobody gets a new one by bringing many others. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "ratelimit/rates.hpp"

namespace p2p::ratelimit {

/// A token comes back each `interval`; the bucket holds `burst`.
struct Refill {
  std::chrono::nanoseconds interval{};
  std::uint64_t burst = 1;

  static Refill of(Rate rate);
  /// For many clients together: both are so many times as much.
  Refill times(unsigned factor) const;
};

/// Not thread-safe. Grows up to its bound when it must, and stays so.
class BucketTable {
 public:
  /// A power of two, at least kWays.
  explicit BucketTable(std::size_t max_slots);

  enum class Outcome : unsigned char { taken, refused, no_room };
  struct Answer {
    Outcome outcome = Outcome::taken;
    std::chrono::nanoseconds wait{};  ///< when refused: until `cost` tokens are there
  };
  /// Takes `cost` less `paid` tokens from the bucket of this key; or nothing, and gives back what was paid, so that who
  /// tries too soon does not keep its bucket empty. `cost` is at most the burst. Two keys are
  /// the same client when they are equal, so they are good hashes. `now` may go back a little, as loops read the clock
  /// for themselves.
  Answer take(std::uint64_t key, const Refill& refill, std::uint64_t cost, std::uint64_t paid, Monotonic now);

  /// How one token would be answered, which is not taken.
  Outcome look(std::uint64_t key, const Refill& refill, Monotonic now);

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

  /// Slots among which a key has its place: one or two lines of the processor's cache.
  static constexpr std::size_t kWays = 8;

 private:
  /// The generic cell rate algorithm (ITU-T I.371): all that is known of a bucket is when it will be full.
  struct Slot {
    std::uint64_t key = 0;
    std::int64_t full_at = 0;  ///< ns of the monotonic clock
  };

  Slot* find(std::uint64_t key, std::int64_t now);
  void grow(std::int64_t now);

  std::size_t max_slots_;
  std::vector<Slot> slots_;
};

}  // namespace p2p::ratelimit
