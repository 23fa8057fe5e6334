#include "ratelimit/limiter.hpp"

#include <algorithm>

namespace p2p::ratelimit {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using Outcome = BucketTable::Outcome;

constexpr unsigned kShardBits = 6;
static_assert(kLimitClassCount <= BucketTable::kWays, "everyone's buckets always have room");

bool has_no_room(Outcome outcome) { return outcome == Outcome::no_room; }
bool has_no_room(const BucketTable::Answer& answer) { return has_no_room(answer.outcome); }

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

template <class Ask>
auto Limiter::ask_bucket(const Client& client, LimitClass limit_class, const Refill& refill, Ask ask) {
  const char prefix = static_cast<char>(limit_class);
  Client::Buffer buffer;
  const auto ask_at = [&](Shards* shards, unsigned coarseness, const Refill& shared) {
    const std::uint64_t key = hash_(client.bytes(buffer, std::string_view(&prefix, 1), coarseness));
    Shard& shard = shards != nullptr ? *(*shards)[key >> (64 - kShardBits)] : everyone_;
    const std::lock_guard lock(shard.mutex);
    return ask(shard.table, key, shared);
  };
  auto answer = ask_at(client.is_verified() ? &verified_ : &addresses_, 0, refill);
  unsigned factor = 1;
  for (unsigned coarseness = 1; has_no_room(answer); ++coarseness) {
    factor *= kNeighbours;
    // Who has proved who it is has no neighbours.
    const bool is_everyone = client.is_verified() || coarseness == Client::kCoarsest;
    answer =
        ask_at(is_everyone ? nullptr : &addresses_, is_everyone ? Client::kCoarsest : coarseness, refill.times(factor));
  }
  return answer;
}

std::optional<seconds> Limiter::take(const Client& client, LimitClass limit_class, std::uint64_t cost,
                                     std::uint64_t paid, Monotonic now) {
  if (limit_class == LimitClass::none || !enabled_.load(std::memory_order_relaxed)) return std::nullopt;
  const Refill refill = refill_of(limit_class, client.is_node());
  cost = std::min(cost, refill.burst);
  if (cost <= paid) return std::nullopt;
  const auto take = [&](BucketTable& table, std::uint64_t key, const Refill& shared) {
    return table.take(key, shared, cost, paid, now);
  };
  const auto answer = ask_bucket(client, limit_class, refill, take);
  if (answer.outcome == Outcome::taken) return std::nullopt;
  refused_[static_cast<std::size_t>(limit_class)].fetch_add(1, std::memory_order_relaxed);
  return whole_seconds(answer.wait);
}

bool Limiter::has_room(const Client& client, LimitClass limit_class, Monotonic now) {
  if (limit_class == LimitClass::none || !enabled_.load(std::memory_order_relaxed)) return true;
  const auto look = [&](BucketTable& table, std::uint64_t key, const Refill& shared) {
    return table.look(key, shared, now);
  };
  return ask_bucket(client, limit_class, refill_of(limit_class, client.is_node()), look) == Outcome::taken;
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
