#include "base/log_sink.hpp"

#include "base/text.hpp"

namespace p2p {

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "DEBUG";
    case LogLevel::info: return "INFO";
    case LogLevel::warning: return "WARNING";
    case LogLevel::error: return "ERROR";
    case LogLevel::critical: return "CRITICAL";
  }
  return "INFO";
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
  const std::string lower = lower_ascii(text);
  if (lower == "debug") return LogLevel::debug;
  if (lower == "info") return LogLevel::info;
  if (lower == "warning" || lower == "warn") return LogLevel::warning;
  if (lower == "error") return LogLevel::error;
  if (lower == "critical") return LogLevel::critical;
  return std::nullopt;
}

}  // namespace p2p
