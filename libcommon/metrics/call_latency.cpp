#include "metrics/call_latency.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace p2p::metrics {
namespace {

constexpr double kFirstBoundMs = 0.0625;

}  // namespace

std::size_t latency_bucket(std::chrono::nanoseconds duration) noexcept {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  if (!(ms > kFirstBoundMs)) return 0;
  const double bucket = std::ceil(2 * std::log2(ms / kFirstBoundMs));
  return std::min(kLatencyBuckets - 1, static_cast<std::size_t>(bucket));
}

double latency_bound_ms(std::size_t bucket) noexcept {
  return kFirstBoundMs * std::exp2(static_cast<double>(bucket) / 2);
}

std::optional<double> latency_quantile_ms(std::span<const std::uint64_t> counts, double share) noexcept {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < counts.size() && (seen += counts[bucket]) < std::max<std::uint64_t>(wanted, 1)) ++bucket;
  return latency_bound_ms(bucket) / std::exp2(0.25);
}

}  // namespace p2p::metrics
