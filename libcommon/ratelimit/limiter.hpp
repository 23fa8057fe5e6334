// The rate limits of a node: how often each client may ask, whatever their number, in bounded memory.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "base/sip_hash.hpp"
#include "ratelimit/bucket_table.hpp"
#include "ratelimit/client.hpp"
#include "ratelimit/rates.hpp"

namespace p2p::ratelimit {

/// Buckets of addresses at most: a million are busy at once in half of them.
inline constexpr std::size_t kMaxAddressSlots = std::size_t{1} << 21;
/// Buckets of certificates and tokens, which addresses cannot crowd out.
inline constexpr std::size_t kMaxVerifiedSlots = std::size_t{1} << 17;
/// When there is no room for an address, it is counted with its neighbours, and these then may ask so much more often
/// than one; with each step coarser again.
inline constexpr unsigned kNeighbours = 16;

/// Thread-safe. Locks are of shards, so that loops seldom wait for each other.
class Limiter {
 public:
  /// `random` makes the key of the hash. A power of two of slots, at least 512.
  Limiter(const Rates& rates, Random& random, std::size_t max_address_slots = kMaxAddressSlots);

  /// From now on; buckets keep what they have, but none more than the new burst.
  void set_rates(const Rates& rates);

  /// Takes `cost` tokens, at most the burst, or nothing; then after how many whole seconds (at least 1) so many will be
  /// there. `paid` of them were taken before, and are given back with a refusal.
  std::optional<std::chrono::seconds> take(const Client& client, LimitClass limit_class, std::uint64_t cost,
                                           std::uint64_t paid, Monotonic now);

  /// Whether one token is there; it is left there, and a refusal is not counted.
  bool has_room(const Client& client, LimitClass limit_class, Monotonic now);

  std::uint64_t refused_count(LimitClass limit_class) const {
    return refused_[static_cast<std::size_t>(limit_class)].load(std::memory_order_relaxed);
  }
  std::size_t memory_bytes() const;

 private:
  /// Read by all loops while set_rates() writes; one request may see half a change.
  struct SharedRefill {
    std::atomic<std::int64_t> interval{0};
    std::atomic<std::uint64_t> burst{1};
  };
  struct alignas(64) Shard {
    explicit Shard(std::size_t max_slots) : table(max_slots) {}
    mutable std::mutex mutex;
    BucketTable table;
  };
  using Shards = std::vector<std::unique_ptr<Shard>>;

  static Shards make_shards(std::size_t max_slots);
  Refill refill_of(LimitClass limit_class, bool is_node) const;
  /// The answer of `ask(table, key, refill)` for the client's bucket, or for one that it shares where it has none.
  template <class Ask>
  auto ask_bucket(const Client& client, LimitClass limit_class, const Refill& refill, Ask ask);

  SipHash hash_;
  std::atomic<bool> enabled_{true};
  std::array<std::array<SharedRefill, kLimitClassCount>, 2> refills_;  // of strangers, of nodes
  std::array<std::atomic<std::uint64_t>, kLimitClassCount> refused_{};
  Shards addresses_, verified_;
  Shard everyone_{BucketTable::kWays};  // a place for each class
};

}  // namespace p2p::ratelimit
