// A stretch of time cut into equal pieces of a round length that begin at round times, for counting. Pure.
#pragma once

#include <cstddef>

#include "base/clock.hpp"

namespace p2p::logs {

struct TimeBuckets {
  WallTime begin{};
  std::chrono::seconds width{1};
  std::size_t count = 0;

  WallTime start_of(std::size_t index) const { return begin + width * static_cast<std::int64_t>(index); }
  /// Times before and after belong to the first and last one. There must be one.
  std::size_t index_of(WallTime time) const;

  bool operator==(const TimeBuckets&) const = default;
};

/// The finest that cover `since` (inclusive) to `until` with at most `max_count` (1 or more); lengths are 1, 2, 5, 10,
/// 15 and 30 seconds and minutes, 1, 2, 3, 6 and 12 hours, and whole days, counted from 1970 UTC. None where the
/// stretch is empty.
TimeBuckets make_buckets(WallTime since, WallTime until, std::size_t max_count);

}  // namespace p2p::logs
