// How the figures of one node, or of the fleet, went: every second for 15 minutes, every 10 s for 6 hours, every minute
// for 7 days, the longer two as minimum, mean and maximum. Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/history_ring.hpp"

namespace p2p::metrics {

enum class Series : unsigned char {
  cpu,     ///< busy share of all processors, 0 to 1
  memory,  ///< used share, 0 to 1
  calls,   ///< a second
  errors,  ///< failed calls a second
  p99,     ///< of calls, in milliseconds
  logs,    ///< records a second
};
inline constexpr std::size_t kSeriesCount = 6;
inline constexpr std::array<std::string_view, kSeriesCount> kSeriesNames = {"cpu",    "memory", "calls",
                                                                            "errors", "p99",    "logs"};
/// Of one second, by Series; kUnknown for what is not known.
using SeriesValues = std::array<float, kSeriesCount>;

enum class Range : unsigned char { quarter_hour, six_hours, week };
/// `15m`, `6h`, `7d`; none for anything else.
std::optional<Range> parse_range(std::string_view text) noexcept;

struct RangeShape {
  std::int64_t step_seconds;
  std::size_t points;
};
inline constexpr std::array<RangeShape, 3> kRangeShapes = {RangeShape{1, 900}, RangeShape{10, 2'160},
                                                           RangeShape{60, 10'080}};

/// What a history takes at most in memory: 451 kB.
inline constexpr std::size_t kHistoryBytes =
    kSeriesCount * 2 * (kRangeShapes[0].points + 3 * (kRangeShapes[1].points + kRangeShapes[2].points));

struct HistoryPoint {
  float min = kUnknown, mean = kUnknown, max = kUnknown;
};

/// One thread.
class History {
 public:
  History();

  /// The figures of the second that begins at `second` (since 1970). One that is not later than the last is left
  /// out; where the clock was set back by more than a minute, the history begins anew.
  void add(std::int64_t second, const SeriesValues& values);

  /// Before the first add(): 0.
  std::int64_t last_second() const noexcept { return rings_[0].last_step(); }
  /// The last step of the range that is over.
  std::int64_t last_step(Range range) const noexcept { return ring(range).last_step(); }
  HistoryPoint at(Range range, std::int64_t step, Series series) const noexcept;
  std::size_t points(Range range) const noexcept { return ring(range).size(); }
  /// The mean of the second values in [from, to); kUnknown where none is known.
  float mean_of_seconds(std::int64_t from, std::int64_t to, Series series) const noexcept;

  /// Room for fewer points of the two longer ranges, or for all of them again.
  void set_capacity(std::size_t six_hours_points, std::size_t week_points);
  std::size_t memory_bytes() const noexcept;

  HistoryRing& ring(Range range) noexcept { return rings_[static_cast<std::size_t>(range)]; }
  const HistoryRing& ring(Range range) const noexcept { return rings_[static_cast<std::size_t>(range)]; }

 private:
  /// What of a longer step has passed.
  struct Sum {
    std::int64_t step = 0;
    struct Column {
      float min = 0, max = 0;
      double sum = 0;
      std::uint32_t count = 0;
    };
    std::array<Column, kSeriesCount> columns{};
  };
  void take_up(Range range, Sum& sum, std::int64_t second, const SeriesValues& values);

  std::array<HistoryRing, 3> rings_;
  std::array<Sum, 2> sums_{};
};

}  // namespace p2p::metrics
