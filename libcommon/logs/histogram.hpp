// A histogram over time as block characters of a terminal. Pure.
#pragma once

#include <string>

#include "logs/log_stats.hpp"
#include "logs/text_format.hpp"

namespace p2p::logs {

/// Columns for the scale at the left.
inline constexpr std::size_t kScaleColumns = 7;
inline constexpr std::size_t kHistogramRows = 8;

/// How many columns of bars a line of `width` columns has room for; at least 1.
std::size_t bar_columns(std::size_t width);

/// One column of a bar: eighths of a character cell for each level, from the bottom up: the most severe first, so that
/// it stands on the ground and can be compared. Whatever is not 0 is at least one eighth high. `most` is the count that
/// fills all of `rows`.
std::array<unsigned, 5> bar_of(const LevelCounts& counts, std::uint64_t most, std::size_t rows = kHistogramRows);

/// `950`, `1.2k`, `35k`, `4.1M`: four characters at most.
std::string short_count(std::uint64_t count);

/// The buckets as bars, with a scale at the left, times below, and lines of at most `width` columns. Empty without
/// buckets. Each level has its colour; without colour all of a bar is the same.
std::string draw_histogram(const LogStats& stats, std::size_t width, const LineLook& look);

}  // namespace p2p::logs
