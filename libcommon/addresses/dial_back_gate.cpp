#include "addresses/dial_back_gate.hpp"

namespace p2p::addresses {

std::string DialBackGate::begin(std::string_view node_id, Monotonic now) {
  if (under_way_ >= kDialBacksAtOnce) return "too many nodes are being dialled back now";
  const auto taken = buckets_.take(hash_(node_id), ratelimit::Refill::of(kDialBackRate), 1, 0, now);
  if (taken.outcome != ratelimit::BucketTable::Outcome::taken) return "it was dialled back too often just now";
  ++under_way_;
  return {};
}

}  // namespace p2p::addresses
