#include "membership/targets.hpp"

#include <algorithm>

namespace p2p::membership {
namespace {

using Entry = const Registry::Nodes::value_type*;

/// Moves `count` random elements of the range to its front (Fisher and Yates, stopped early).
template <class Iterator>
void shuffle_front(Iterator first, Iterator last, std::size_t count, Random& random) {
  for (std::size_t i = 0; i < count && first != last; ++i, ++first) {
    std::iter_swap(first, first + static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(last - first))));
  }
}

}  // namespace

std::vector<ExchangeTarget> choose_targets(const Registry& registry, const Settings& settings, pki::Role role,
                                           Random& random, Instant now) {
  std::vector<ExchangeTarget> out;
  const bool asks_coordinator = role == pki::Role::worker && !settings.coordinator_addresses.empty();
  if (asks_coordinator) {
    std::vector<std::string> addresses = settings.coordinator_addresses;
    shuffle_front(addresses.begin(), addresses.end(), addresses.size(), random);
    out.push_back({"", std::move(addresses)});
  }
  std::vector<Entry> candidates;
  for (const auto& entry : registry.nodes()) {
    const Node& node = entry.second;
    if (entry.first == registry.self_id() || node.checked->record.addresses.empty()) continue;
    if (node.status != NodeStatus::alive && node.status != NodeStatus::suspected) continue;
    if (asks_coordinator && node.checked->role == pki::Role::coordinator) continue;
    candidates.push_back(&entry);
  }
  const auto avoided = std::partition(candidates.begin(), candidates.end(), [&](Entry entry) {
    return entry->second.avoid_until <= now.monotonic && entry->second.checked->record.dialable != false;
  });
  const std::size_t limit = std::max<std::size_t>(settings.max_gossip_targets, 1);
  const std::size_t room = limit > out.size() ? limit - out.size() : 0;
  shuffle_front(candidates.begin(), avoided, room, random);
  shuffle_front(avoided, candidates.end(), room, random);
  for (const Entry entry : candidates) {
    if (out.size() >= limit) break;
    out.push_back({entry->first, entry->second.checked->record.addresses});
  }
  return out;
}

}  // namespace p2p::membership
