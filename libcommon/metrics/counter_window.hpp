// Rates of counters that only rise, out of samples of them: over the last second, ten seconds, a minute. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.hpp"
#include "metrics/call_latency.hpp"

namespace p2p::metrics {

/// What is counted of one node, or of the fleet.
struct Counters {
  std::uint64_t calls = 0, errors = 0, logs = 0, log_errors = 0;
  LatencyCounts latency{};
};

/// What was counted within some time.
struct CounterRates {
  double calls_per_second = 0, errors_per_second = 0, logs_per_second = 0, log_errors_per_second = 0;
  LatencyCounts latency{};
};

/// Keeps a sample a second of the last ten seconds, and one each ten seconds of the last minute. One thread.
class CounterWindow {
 public:
  /// Counters that fell are those of a process that began anew: what was before is forgotten.
  void add(Monotonic at, const Counters& counters);
  /// Between the newest sample and the one about `span` before it, or the oldest if there is none so old; none while
  /// there is only one.
  std::optional<CounterRates> over(Monotonic::duration span) const;

 private:
  struct Sample {
    Monotonic at;
    Counters counters;
  };
  std::deque<Sample> samples_;
};

}  // namespace p2p::metrics
