#include "logs/time_expression.hpp"

#include <fmt/format.h>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::logs {
namespace {

WallTime midnight_before(WallTime time, std::chrono::seconds utc_offset) {
  return WallTime{std::chrono::floor<std::chrono::days>(time + utc_offset)} - utc_offset;
}

/// `YYYY-MM-DD` and nothing else.
bool is_date(std::string_view text) { return text.size() == 10 && text[4] == '-' && text[7] == '-'; }

}  // namespace

Result<WallTime> parse_time(std::string_view text, WallTime now, std::chrono::seconds utc_offset) {
  text = trim(text);
  if (text == "now") return now;
  if (text == "today") return midnight_before(now, utc_offset);
  if (text == "yesterday")
    return midnight_before(midnight_before(now, utc_offset) - std::chrono::hours{12}, utc_offset);
  if (const auto duration = parse_duration(text)) return now - *duration;
  if (is_date(text)) {
    if (const auto date = parse_rfc3339(std::string(text) + "T00:00:00Z")) return *date - utc_offset;
  }
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error(Errc::invalid,
               fmt::format("\"{}\" is not a time such as 10m, 3d, today, yesterday, 2026-01-02 or 2026-01-02T15:04:05Z",
                           escape_controls(text.substr(0, 40))));
}

Result<std::string> time_parameter(std::string_view text, WallTime now, std::chrono::seconds utc_offset) {
  text = trim(text);
  const auto time = parse_time(text, now, utc_offset);
  if (!time) return time.error();
  if (text == "now" || parse_duration(text)) return std::string(text);
  return format_rfc3339(*time);
}

}  // namespace p2p::logs
