#include "logs/time_buckets.hpp"

#include <algorithm>
#include <array>

namespace p2p::logs {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::array<std::int64_t, 19> kWidths = {
    1,           2,           5,           10,           15,           30,
    1 * kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
    1 * kHour,   2 * kHour,   3 * kHour,   6 * kHour,    12 * kHour,   1 * kDay,
    2 * kDay};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

std::size_t TimeBuckets::index_of(WallTime time) const {
  if (time < begin) return 0;
  // In seconds: a width may be more than fits in nanoseconds.
  const auto since_begin = std::chrono::floor<seconds>(time - begin);
  return std::min(static_cast<std::size_t>(since_begin / width), count - 1);
}

TimeBuckets make_buckets(WallTime since, WallTime until, std::size_t max_count) {
  if (since >= until) return {};
  const std::int64_t first = std::chrono::floor<seconds>(since.time_since_epoch()).count();
  const std::int64_t end = std::chrono::ceil<seconds>(until.time_since_epoch()).count();
  const auto cut = [&](std::int64_t width) {
    const std::int64_t begin = floor_div(first, width);
    return TimeBuckets{WallTime{seconds{begin * width}}, seconds{width},
                       static_cast<std::size_t>(floor_div(end - 1, width) - begin + 1)};
  };
  for (const std::int64_t width : kWidths) {
    if (const TimeBuckets out = cut(width); out.count <= max_count) return out;
  }
  // Twice a day's multiple at a time ends soon: it covers all of time at last.
  for (std::int64_t width = 4 * kDay;; width *= 2) {
    if (const TimeBuckets out = cut(width); out.count <= max_count || width > 500 * 365 * kDay) return out;
  }
}

}  // namespace p2p::logs
