#include "ratelimit/limiter.hpp"

#include <algorithm>

namespace p2p::ratelimit {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using Outcome = BucketTable::Outcome;

constexpr unsigned kShardBits = 6;
static_assert(kLimitClassCount <= BucketTable::kWays, "everyone's buckets always have room");

std::chrono::seconds whole_seconds(nanoseconds wait) { return std::max(seconds(1), std::chrono::ceil<seconds>(wait)); }

}  // namespace

Limiter::Limiter(const Rates& rates, Random& random, std::size_t max_address_slots)
    : hash_({random.next(), random.next()}),
      addresses_(make_shards(max_address_slots)),
      verified_(make_shards(kMaxVerifiedSlots)) {
  set_rates(rates);
}

Limiter::Shards Limiter::make_shards(std::size_t max_slots) {
  Shards out;
  for (std::size_t i = 0; i < std::size_t{1} << kShardBits; ++i) {
    out.push_back(std::make_unique<Shard>(max_slots >> kShardBits));
  }
  return out;
}

void Limiter::set_rates(const Rates& rates) {
  for (const bool is_node : {false, true}) {
    for (const LimitClass limit_class : kLimitClasses) {
      const Refill refill = Refill::of(rate_of(rates, limit_class, is_node));
      SharedRefill& shared = refills_[is_node ? 1 : 0][static_cast<std::size_t>(limit_class)];
      shared.interval = refill.interval.count();
      shared.burst = refill.burst;
    }
  }
  enabled_ = rates.enabled;
}

Refill Limiter::refill_of(LimitClass limit_class, bool is_node) const {
  const SharedRefill& shared = refills_[is_node ? 1 : 0][static_cast<std::size_t>(limit_class)];
  return {nanoseconds(shared.interval.load(std::memory_order_relaxed)), shared.burst.load(std::memory_order_relaxed)};
}

BucketTable::Answer Limiter::take_from(Shards& shards, std::uint64_t key, const Refill& refill, std::uint64_t cost,
                                       std::uint64_t paid, Monotonic now) {
  Shard& shard = *shards[key >> (64 - kShardBits)];
  const std::lock_guard lock(shard.mutex);
  return shard.table.take(key, refill, cost, paid, now);
}

std::optional<seconds> Limiter::take(const Client& client, LimitClass limit_class, std::uint64_t cost,
                                     std::uint64_t paid, Monotonic now) {
  if (limit_class == LimitClass::none || !enabled_.load(std::memory_order_relaxed)) return std::nullopt;
  const Refill refill = refill_of(limit_class, client.is_node());
  cost = std::min(cost, refill.burst);
  if (cost <= paid) return std::nullopt;
  const char prefix = static_cast<char>(limit_class);
  Client::Buffer buffer;
  const auto key_at = [&](unsigned coarseness) {
    return hash_(client.bytes(buffer, std::string_view(&prefix, 1), coarseness));
  };
  auto answer = take_from(client.is_verified() ? verified_ : addresses_, key_at(0), refill, cost, paid, now);
  unsigned factor = 1;
  for (unsigned coarseness = 1; answer.outcome == Outcome::no_room; ++coarseness) {
    factor *= kNeighbours;
    // Who has proved who it is has no neighbours.
    if (client.is_verified() || coarseness == Client::kCoarsest) {
      const std::lock_guard lock(everyone_.mutex);
      answer = everyone_.table.take(key_at(Client::kCoarsest), refill.times(factor), cost, paid, now);
    } else {
      answer = take_from(addresses_, key_at(coarseness), refill.times(factor), cost, paid, now);
    }
  }
  if (answer.outcome == Outcome::taken) return std::nullopt;
  refused_[static_cast<std::size_t>(limit_class)].fetch_add(1, std::memory_order_relaxed);
  return whole_seconds(answer.wait);
}

std::size_t Limiter::memory_bytes() const {
  std::size_t out = sizeof(*this);
  for (const Shards* shards : {&addresses_, &verified_}) {
    for (const auto& shard : *shards) {
      const std::lock_guard lock(shard->mutex);
      out += sizeof(Shard) + shard->table.memory_bytes();
    }
  }
  return out;
}

}  // namespace p2p::ratelimit
