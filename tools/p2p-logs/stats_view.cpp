#include "stats_view.hpp"

#include <fmt/format.h>

#include "logs/histogram.hpp"

namespace p2p::logs {
namespace {

using cli::Align;
using cli::Cell;
using cli::Style;

/// `1,234,567`
std::string grouped(std::uint64_t count) {
  std::string out = std::to_string(count);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<std::size_t>(at), 1, ',');
  return out;
}

Style style_of(std::size_t level) {
  if (level >= static_cast<std::size_t>(LogLevel::error)) return Style::bad;
  return level == static_cast<std::size_t>(LogLevel::warning) ? Style::warn : Style::plain;
}

/// A count that is not 0 in the style of its level.
Cell count_cell(std::uint64_t count, std::size_t level) {
  return {grouped(count), count == 0 ? Style::dim : style_of(level)};
}

std::string view_levels(const LogStats& stats, const cli::Surface& surface) {
  std::vector<std::vector<Cell>> rows;
  for (std::size_t level = stats.levels.size(); level-- > 0;)
    rows.push_back({{std::string(to_string(static_cast<LogLevel>(level)))}, count_cell(stats.levels[level], level)});
  return render_table({{"LEVEL"}, {"RECORDS", Align::right}}, rows, surface);
}

/// The levels that have a column beside each name: as many as there is room for.
std::vector<LogLevel> column_levels(std::size_t width) {
  constexpr std::size_t kRoomForAll = 56, kRoomForErrors = 36;
  if (width == 0 || width >= kRoomForAll) return {LogLevel::critical, LogLevel::error, LogLevel::warning};
  if (width >= kRoomForErrors) return {LogLevel::error};
  return {};
}

std::string view_names(std::string_view what, const LogStats::ByName& names, std::size_t count, std::size_t top,
                       const cli::Surface& surface) {
  const auto levels = column_levels(surface.width);
  std::vector<cli::Heading> headings{{std::string(what)}, {"RECORDS", Align::right}};
  for (const LogLevel level : levels) headings.push_back({std::string(to_string(level)), Align::right});
  std::vector<std::vector<Cell>> rows;
  for (const NamedCounts& named : top_of(names, top)) {
    std::vector<Cell> row{{named.name}, {grouped(total_of(named.counts))}};
    for (const LogLevel level : levels) {
      const auto index = static_cast<std::size_t>(level);
      row.push_back(count_cell(named.counts[index], index));
    }
    rows.push_back(std::move(row));
  }
  std::string out = render_table(headings, rows, surface);
  if (count > rows.size()) out += fmt::format("and {} more\n", grouped(count - rows.size()));
  return out;
}

}  // namespace

std::size_t width_of_stats(const cli::Surface& surface) {
  return surface.width == 0 ? cli::kUsualWidth : surface.width;
}

std::string view_stats(const LogStats& stats, std::size_t top, const cli::Surface& surface, const LineLook& look) {
  LineLook seconds = look;
  seconds.digits = 0;
  std::string out = fmt::format("{} records from {} to {}\n", grouped(total_of(stats.levels)),
                                format_time(stats.since, seconds), format_time(stats.until, seconds));
  if (total_of(stats.levels) == 0) return out;
  out += '\n' + draw_histogram(stats, width_of_stats(surface), look);
  out += '\n' + view_levels(stats, surface);
  out += '\n' + view_names("NODE", stats.nodes, stats.node_count, top, surface);
  out += '\n' + view_names("LOGGER", stats.loggers, stats.logger_count, top, surface);
  return out;
}

}  // namespace p2p::logs
