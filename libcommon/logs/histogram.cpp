#include "logs/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace p2p::logs {
namespace {

constexpr unsigned kEighths = 8;
constexpr std::array<std::string_view, 9> kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
/// SGR numbers of the foreground, to which 10 is added for the background.
constexpr std::array<int, 5> kBarColours = {90, 32, 33, 31, 35};
using Bar = std::array<unsigned, 5>;

struct Segment {
  std::size_t level = 0;
  unsigned bottom = 0, top = 0;  // eighths from the ground
};

std::vector<Segment> segments_of(const Bar& bar) {
  std::vector<Segment> out;
  unsigned at = 0;
  for (std::size_t level = bar.size(); level-- > 0;) {
    if (bar[level] == 0) continue;
    out.push_back({level, at, at + bar[level]});
    at += bar[level];
  }
  return out;
}

/// A cell shows two levels at most: the one at its bottom as a block, the next one as what is behind it.
std::string coloured_cell(const std::vector<Segment>& segments, unsigned floor) {
  const unsigned ceiling = floor + kEighths;
  const auto lower = std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.top > floor; });
  if (lower == segments.end()) return " ";
  if (lower->top >= ceiling) return fmt::format("\x1b[{}m{}\x1b[0m", kBarColours[lower->level], kBlocks[kEighths]);
  const auto upper = lower + 1;
  if (upper == segments.end())
    return fmt::format("\x1b[{}m{}\x1b[0m", kBarColours[lower->level], kBlocks[lower->top - floor]);
  // What is behind would seem to reach the ceiling where the bar ends: its lowest level, the most severe, colours it.
  if (segments.back().top < ceiling) {
    return fmt::format("\x1b[{}m{}\x1b[0m", kBarColours[lower->level], kBlocks[segments.back().top - floor]);
  }
  return fmt::format("\x1b[{};{}m{}\x1b[0m", kBarColours[lower->level], kBarColours[upper->level] + 10,
                     kBlocks[lower->top - floor]);
}

std::string plain_cell(const std::vector<Segment>& segments, unsigned floor) {
  const unsigned top = segments.empty() ? 0 : segments.back().top;
  return std::string(kBlocks[top <= floor ? 0 : std::min(top - floor, kEighths)]);
}

/// `03:04:05`, `03:04` or `01-02 03:04`, as fine as the buckets are and as long as the whole is.
std::string label_of(WallTime time, const LogStats& stats, const LineLook& look) {
  using namespace std::chrono_literals;
  LineLook whole = look;
  whole.digits = 0;
  const std::string text = format_time(time, whole);
  const auto length = stats.buckets.width * static_cast<std::int64_t>(stats.buckets.count);
  if (stats.buckets.width >= 24h) return text.substr(0, 10);
  if (length > 20h) return text.substr(5, 5) + " " + text.substr(11, 5);
  return text.substr(11, stats.buckets.width < 60s ? 8 : 5);
}

/// The time of the first bucket below it, of the last at the right end, and one between where there is room.
std::string time_axis(const LogStats& stats, std::size_t columns, std::size_t column_width, const LineLook& look) {
  const std::size_t count = stats.buckets.count;
  std::string line(columns, ' ');
  std::size_t free_from = 0;
  const auto put = [&](std::size_t bucket, std::size_t at, std::size_t reserved) {
    const std::string label = label_of(stats.buckets.start_of(bucket), stats, look);
    if (at < free_from || at + label.size() + reserved > columns) return;
    line.replace(at, label.size(), label);
    free_from = at + label.size() + 2;
  };
  const std::size_t length = label_of(stats.buckets.begin, stats, look).size();
  put(0, 0, 0);
  if (count > 2) put(count / 2, count / 2 * column_width, length + 2);
  if (count > 1 && columns >= length) put(count - 1, columns - length, 0);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t bar_columns(std::size_t width) { return width > kScaleColumns ? width - kScaleColumns : 1; }

std::array<unsigned, 5> bar_of(const LevelCounts& counts, std::uint64_t most, std::size_t rows) {
  Bar out{};
  const std::uint64_t total = total_of(counts);
  if (total == 0 || most == 0) return out;
  const unsigned full = static_cast<unsigned>(rows) * kEighths;
  const auto share = [&](std::uint64_t count, double of, unsigned parts) {
    return static_cast<unsigned>(std::lround(static_cast<double>(count) / of * parts));
  };
  unsigned height = std::clamp(share(total, static_cast<double>(most), full), 1U, full);
  height = std::max(height,
                    static_cast<unsigned>(std::count_if(counts.begin(), counts.end(), [](auto n) { return n > 0; })));
  unsigned used = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    if (counts[level] > 0) out[level] = std::max(1U, share(counts[level], static_cast<double>(total), height));
    used += out[level];
  }
  // Rounding goes to the highest part, which it changes least.
  auto& largest = *std::max_element(out.begin(), out.end());
  largest = largest + height - used;
  return out;
}

std::string short_count(std::uint64_t count) {
  constexpr std::array<std::string_view, 7> kUnits = {"", "k", "M", "G", "T", "P", "E"};
  if (count < 1000) return std::to_string(count);
  double value = static_cast<double>(count);
  std::size_t unit = 0;
  // 999.5 and more would be shown as 1000.
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit]) : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string draw_histogram(const LogStats& stats, std::size_t width, const LineLook& look) {
  if (stats.histogram.empty()) return {};
  const std::size_t column_width = std::max<std::size_t>(1, bar_columns(width) / stats.histogram.size());
  const std::size_t columns = column_width * stats.histogram.size();
  std::uint64_t most = 0;
  for (const LevelCounts& counts : stats.histogram) most = std::max(most, total_of(counts));
  std::vector<std::vector<Segment>> bars;
  for (const LevelCounts& counts : stats.histogram) bars.push_back(segments_of(bar_of(counts, most)));
  std::string out;
  for (std::size_t row = kHistogramRows; row-- > 0;) {
    const bool top = row + 1 == kHistogramRows, middle = row + 1 == kHistogramRows / 2;
    out += fmt::format("{:>5} {}",
                       top      ? short_count(most)
                       : middle ? short_count((most + 1) / 2)
                                : "",
                       top || middle ? "┤" : "│");
    std::string line;
    const unsigned floor = static_cast<unsigned>(row) * kEighths;
    for (const auto& bar : bars) {
      const std::string cell = look.colour ? coloured_cell(bar, floor) : plain_cell(bar, floor);
      for (std::size_t i = 0; i < column_width; ++i) line += cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  out += fmt::format("{:>5} └", "0");
  for (std::size_t i = 0; i < columns; ++i) out += "─";
  out += '\n';
  const std::string axis = time_axis(stats, columns, column_width, look);
  if (!axis.empty()) out += std::string(kScaleColumns, ' ') + axis + '\n';
  return out;
}

}  // namespace p2p::logs
