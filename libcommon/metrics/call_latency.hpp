// How long calls took, counted in buckets that are a factor of √2 apart: a quantile is off by at most a fifth. Pure.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace p2p::metrics {

/// The first bucket ends at 62.5 µs, the last but one at 93 s; the last has the rest.
inline constexpr std::size_t kLatencyBuckets = 43;
using LatencyCounts = std::array<std::uint64_t, kLatencyBuckets>;

std::size_t latency_bucket(std::chrono::nanoseconds duration) noexcept;
/// The upper end of a bucket in milliseconds.
double latency_bound_ms(std::size_t bucket) noexcept;
/// Below which `share` (0 to 1) of the calls took, in milliseconds: the geometric middle of the bucket. None without
/// calls.
std::optional<double> latency_quantile_ms(std::span<const std::uint64_t> counts, double share) noexcept;

/// Counts calls as they end; any thread.
class LatencyRecorder {
 public:
  void add(std::chrono::nanoseconds duration) noexcept {
    counts_[latency_bucket(duration)].fetch_add(1, std::memory_order_relaxed);
  }
  /// Adds what was counted until now.
  void add_to(LatencyCounts& counts) const noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += counts_[i].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kLatencyBuckets> counts_{};
};

}  // namespace p2p::metrics
