#include "dashboard/belief.hpp"

#include <algorithm>
#include <chrono>

namespace p2p::dashboard {
namespace {

using metrics::NodeFigures;
using metrics::ServiceFigures;

constexpr std::string_view kCalls = "more calls than a machine can answer";

/// Whether a counter may have come from one to the other. One that fell is that of a process that began anew.
class Growth {
 public:
  /// Figures that came one right after the other may have been held up by the network.
  explicit Growth(Monotonic::duration span)
      : most_(kMostCallsPerSecond *
              std::chrono::duration<double>(std::max<Monotonic::duration>(span, kLeast)).count()) {}
  bool allows(std::uint64_t from, std::uint64_t to) const {
    return to <= kMostCounted && (to <= from || static_cast<double>(to - from) <= most_);
  }

 private:
  static constexpr std::chrono::seconds kLeast{1};
  double most_;
};

bool calls_grow(const NodeFigures& told, const NodeFigures& before, const Growth& growth) {
  if (!growth.allows(before.calls, told.calls)) return false;
  for (std::size_t i = 0; i < told.latency.size(); ++i) {
    if (!growth.allows(before.latency[i], told.latency[i])) return false;
  }
  return std::ranges::all_of(told.services, [&](const ServiceFigures& service) {
    const auto same = std::ranges::find(before.services, service.name, &ServiceFigures::name);
    return growth.allows(same == before.services.end() ? service.calls : same->calls, service.calls);
  });
}

}  // namespace

std::optional<std::string_view> disbelief(const NodeFigures& told, const NodeFigures* before,
                                          Monotonic::duration span) {
  if (!calls_grow(told, before == nullptr ? told : *before, Growth(span))) return kCalls;
  if (told.errors > told.calls) return "more failed calls than calls";
  if (std::ranges::any_of(told.services, [](const auto& service) { return service.restarts > kMostCounted; }))
    return "more restarts of a service than there can be";
  if (told.cores > kMostCores) return "more processors than a machine has";
  if (told.rss > kMostMemoryBytes || (told.memory && told.memory->total > kMostMemoryBytes))
    return "more memory than a machine has";
  if (told.disk && told.disk->total > kMostDiskBytes) return "a larger disk than there is";
  return std::nullopt;
}

}  // namespace p2p::dashboard
