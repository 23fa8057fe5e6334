#include "logs/text_format.hpp"

#include <fmt/format.h>

#include <array>

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

/// FNV-1a, so that a node keeps its colour in every run and on every machine.
std::string_view colour_of(std::string_view node_id) {
  constexpr std::array<std::string_view, 6> kPalette = {"\x1b[36m", "\x1b[35m", "\x1b[34m",
                                                        "\x1b[96m", "\x1b[95m", "\x1b[94m"};
  std::uint32_t hash = 2166136261U;
  for (const char c : node_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return kPalette[hash % kPalette.size()];
}

std::string painted(std::string_view text, std::string_view colour, bool use) {
  return use ? fmt::format("{}{}{}", colour, text, kReset) : std::string(text);
}

/// Padded to the longest name, so that the columns stand.
std::string level_column(LogLevel level, bool colour) {
  return painted(fmt::format("{:8}", to_string(level)), colour_of(level), colour);
}

/// Priorities of syslog (RFC 5424 section 6.2.1).
int priority_of(LogLevel level) {
  constexpr std::array<int, 5> kPriorities = {7, 6, 4, 3, 2};
  return kPriorities[static_cast<std::size_t>(level)];
}

}  // namespace

std::string format_own_line(const LogRecord& record, LineStyle style) {
  const std::string text = escape_controls(record.logger_name) + ": " + escape_controls(record.message);
  if (style == LineStyle::journal) return fmt::format("<{}>{}", priority_of(record.level), text);
  return fmt::format("{} {} {}", format_rfc3339(record.timestamp, 3),
                     level_column(record.level, style == LineStyle::colour), text);
}

std::string format_fleet_line(const LogRecord& record, bool colour) {
  std::string out = fmt::format("{} {} {} {}: {}", format_rfc3339(record.timestamp, 3),
                                painted(escape_controls(record.node_id), colour_of(record.node_id), colour),
                                level_column(record.level, colour), escape_controls(record.logger_name),
                                escape_controls(record.message));
  if (!record.attrs.empty()) out += " " + escape_controls(record.attrs);
  return out;
}

}  // namespace p2p::logs
