#include "logs/time_expression.hpp"

#include <fmt/format.h>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::logs {
namespace {

std::chrono::seconds offset_at(const ZoneOffset& zone, WallTime time) {
  return zone ? zone(time) : std::chrono::seconds{0};
}

/// When clocks of the zone show midnight of that day. The offset is taken from there: it may have changed since.
WallTime midnight_of(std::chrono::sys_days day, const ZoneOffset& zone) {
  const WallTime utc{day};
  return utc - offset_at(zone, utc - offset_at(zone, utc));
}

std::chrono::sys_days day_of(WallTime time, const ZoneOffset& zone) {
  return std::chrono::floor<std::chrono::days>(time + offset_at(zone, time));
}

/// `YYYY-MM-DD` and nothing else.
bool is_date(std::string_view text) { return text.size() == 10 && text[4] == '-' && text[7] == '-'; }

}  // namespace

Result<WallTime> parse_time(std::string_view text, WallTime now, const ZoneOffset& zone) {
  text = trim(text);
  if (text == "now") return now;
  if (text == "today") return midnight_of(day_of(now, zone), zone);
  if (text == "yesterday") return midnight_of(day_of(now, zone) - std::chrono::days{1}, zone);
  if (const auto duration = parse_duration(text)) return now - *duration;
  if (is_date(text)) {
    if (const auto date = parse_rfc3339(std::string(text) + "T00:00:00Z"))
      return midnight_of(std::chrono::floor<std::chrono::days>(*date), zone);
  }
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error(Errc::invalid,
               fmt::format("\"{}\" is not a time such as 10m, 3d, today, yesterday, 2026-01-02 or 2026-01-02T15:04:05Z",
                           escape_controls(text.substr(0, 40))));
}

Result<std::string> time_parameter(std::string_view text, WallTime now, const ZoneOffset& zone) {
  text = trim(text);
  const auto time = parse_time(text, now, zone);
  if (!time) return time.error();
  if (text == "now" || parse_duration(text)) return std::string(text);
  return format_rfc3339(*time);
}

}  // namespace p2p::logs
