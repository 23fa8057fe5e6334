#include "net/refusals.hpp"

#include <utility>

namespace p2p::net {

std::optional<std::uint64_t> Refusals::add(const std::string& what, Monotonic now) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(what);
  if (found != known_.end()) {
    Known& known = found->second;
    ++known.since;
    if (now - known.said_at < kSayAgainAfter) return std::nullopt;
    known.said_at = now;
    return std::exchange(known.since, 0);
  }
  if (known_.size() >= kMostKnown) {
    std::erase_if(known_, [now](const auto& one) { return now - one.second.said_at >= kSayAgainAfter; });
    if (known_.size() >= kMostKnown) return std::nullopt;
  }
  known_.emplace(what, Known{now});
  return 1;
}

}  // namespace p2p::net
