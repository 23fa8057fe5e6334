#include "logs/text_format.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::logs {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view colour_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "\x1b[2m";
    case LogLevel::info: return "\x1b[32m";
    case LogLevel::warning: return "\x1b[33m";
    case LogLevel::error: return "\x1b[31m";
    case LogLevel::critical: return "\x1b[1;41;97m";
  }
  return "";
}

std::string painted(std::string_view text, std::string_view colour, bool use) {
  return use ? fmt::format("{}{}{}", colour, text, kReset) : std::string(text);
}

/// Padded to the longest name, so that the columns stand.
std::string level_column(LogLevel level, bool colour) {
  return painted_by_level(level, fmt::format("{:8}", to_string(level)), colour);
}

}  // namespace

/// Chosen by FNV-1a among colours of xterm's cube that have a contrast (WCAG 2) of 3 to 1 or more to black and to white
/// alike, and are none of those of the levels.
std::string colour_of_node(std::string_view node_id) {
  constexpr std::array<int, 12> kPalette = {30, 32, 63, 98, 129, 163, 66, 68, 134, 168, 29, 132};
  std::uint32_t hash = 2166136261U;
  for (const char c : node_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("\x1b[38;5;{}m", kPalette[hash % kPalette.size()]);
}

std::string painted_by_level(LogLevel level, std::string_view text, bool colour) {
  return painted(text, colour_of(level), colour);
}

std::string painted_node(std::string_view node_id, bool colour) {
  return painted(escape_controls(node_id), colour ? colour_of_node(node_id) : std::string(), colour);
}

std::string format_time(WallTime time, const LineLook& look) {
  if (!look.zone) return format_rfc3339(time, look.digits);
  const auto offset = look.zone(time);
  std::string out = format_rfc3339(time + offset, look.digits);
  out.pop_back();  // Z
  const auto minutes = std::abs(std::chrono::duration_cast<std::chrono::minutes>(offset).count());
  return out + fmt::format("{}{:02}:{:02}", offset < offset.zero() ? '-' : '+', minutes / 60, minutes % 60);
}

std::string format_own_line(const LogRecord& record, LineStyle style) {
  const std::string text = escape_controls(record.logger_name) + ": " + escape_controls(record.message);
  if (style == LineStyle::journal) return fmt::format("<{}>{}", syslog_severity_of(record.level), text);
  return fmt::format("{} {} {}", format_rfc3339(record.timestamp, 3),
                     level_column(record.level, style == LineStyle::colour), text);
}

std::string format_fleet_line(const LogRecord& record, const LineLook& look) {
  std::string out = fmt::format("{} {} {} {}: {}", format_time(record.timestamp, look),
                                painted_node(record.node_id, look.colour), level_column(record.level, look.colour),
                                escape_controls(record.logger_name), escape_controls(record.message));
  if (!record.attrs.empty()) out += " " + escape_controls(record.attrs);
  return out;
}

}  // namespace p2p::logs
