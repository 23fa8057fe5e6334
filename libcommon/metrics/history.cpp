#include "metrics/history.hpp"

#include <algorithm>
#include <cmath>

namespace p2p::metrics {
namespace {

constexpr std::int64_t kClockStep = 60;

}  // namespace

std::optional<Range> parse_range(std::string_view text) noexcept {
  if (text == "15m") return Range::quarter_hour;
  if (text == "6h") return Range::six_hours;
  if (text == "7d") return Range::week;
  return std::nullopt;
}

History::History()
    : rings_{HistoryRing(kSeriesCount, kRangeShapes[0].points), HistoryRing(3 * kSeriesCount, kRangeShapes[1].points),
             HistoryRing(3 * kSeriesCount, kRangeShapes[2].points)} {}

void History::add(std::int64_t second, const SeriesValues& values) {
  if (rings_[0].size() > 0 && second + kClockStep < last_second()) {
    // The clock was ahead: what it said then would be waited for, and what came before that stays.
    for (std::size_t i = 0; i < rings_.size(); ++i) rings_[i].drop_after(second / kRangeShapes[i].step_seconds - 1);
    sums_ = {};
  }
  if (rings_[0].size() > 0 && second <= last_second()) return;
  rings_[0].push(second, values);
  take_up(Range::six_hours, sums_[0], second, values);
  take_up(Range::week, sums_[1], second, values);
}

/// A step is pushed once a second after it has come.
void History::take_up(Range range, Sum& sum, std::int64_t second, const SeriesValues& values) {
  const std::int64_t step = second / kRangeShapes[static_cast<std::size_t>(range)].step_seconds;
  if (step != sum.step) {
    const bool any =
        std::any_of(sum.columns.begin(), sum.columns.end(), [](const auto& column) { return column.count > 0; });
    if (any) {
      std::array<float, 3 * kSeriesCount> row{};
      for (std::size_t i = 0; i < kSeriesCount; ++i) {
        const Sum::Column& column = sum.columns[i];
        const bool known = column.count > 0;
        row[3 * i] = known ? column.min : kUnknown;
        row[3 * i + 1] = known ? static_cast<float>(column.sum / column.count) : kUnknown;
        row[3 * i + 2] = known ? column.max : kUnknown;
      }
      ring(range).push(sum.step, row);
    }
    sum = Sum{};
    sum.step = step;
  }
  for (std::size_t i = 0; i < kSeriesCount; ++i) {
    if (std::isnan(values[i])) continue;
    Sum::Column& column = sum.columns[i];
    column.min = column.count == 0 ? values[i] : std::min(column.min, values[i]);
    column.max = column.count == 0 ? values[i] : std::max(column.max, values[i]);
    column.sum += static_cast<double>(values[i]);
    ++column.count;
  }
}

HistoryPoint History::at(Range range, std::int64_t step, Series series) const noexcept {
  const auto column = static_cast<std::size_t>(series);
  if (range == Range::quarter_hour) {
    const float value = ring(range).at(step, column);
    return {value, value, value};
  }
  const HistoryRing& from = ring(range);
  return {from.at(step, 3 * column), from.at(step, 3 * column + 1), from.at(step, 3 * column + 2)};
}

float History::mean_of_seconds(std::int64_t from, std::int64_t to, Series series) const noexcept {
  double sum = 0;
  std::uint32_t count = 0;
  for (std::int64_t second = from; second < to; ++second) {
    const float value = rings_[0].at(second, static_cast<std::size_t>(series));
    if (std::isnan(value)) continue;
    sum += static_cast<double>(value);
    ++count;
  }
  return count == 0 ? kUnknown : static_cast<float>(sum / count);
}

void History::set_capacity(std::size_t six_hours_points, std::size_t week_points) {
  ring(Range::six_hours).set_capacity(six_hours_points);
  ring(Range::week).set_capacity(week_points);
}

std::size_t History::memory_bytes() const noexcept {
  std::size_t out = 0;
  for (const HistoryRing& each : rings_) out += each.memory_bytes();
  return out;
}

}  // namespace p2p::metrics
