#include "logs/time_expression.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::logs {
namespace {

std::chrono::seconds offset_at(const ZoneOffset& zone, WallTime time) {
  return zone ? zone(time) : std::chrono::seconds{0};
}

/// When clocks of the zone show what `shown` is in UTC. The offset is taken from there: it may have changed since.
WallTime when_shown(WallTime shown, const ZoneOffset& zone) {
  return shown - offset_at(zone, shown - offset_at(zone, shown));
}

WallTime midnight_of(std::chrono::sys_days day, const ZoneOffset& zone) { return when_shown(WallTime{day}, zone); }

std::chrono::sys_days day_of(WallTime time, const ZoneOffset& zone) {
  return std::chrono::floor<std::chrono::days>(time + offset_at(zone, time));
}

/// The last time that clocks of the zone showed `HH:MM` or `HH:MM:SS`.
std::optional<WallTime> last_shown(std::string_view text, WallTime now, const ZoneOffset& zone) {
  if (text.size() < 3 || text[2] != ':') return std::nullopt;
  const auto at = parse_rfc3339(fmt::format("2000-01-01T{}{}Z", text, text.size() == 5 ? ":00" : ""));
  if (!at) return std::nullopt;
  const auto of_day = *at - std::chrono::floor<std::chrono::days>(*at);
  const auto today = day_of(now, zone);
  const WallTime out = when_shown(WallTime{today} + of_day, zone);
  return out <= now ? out : when_shown(WallTime{today - std::chrono::days{1}} + of_day, zone);
}

/// `YYYY-MM-DD`, also with `HH:MM` or `HH:MM:SS` after a blank or a T, as clocks of the zone showed it.
std::optional<WallTime> shown_then(std::string_view text, const ZoneOffset& zone) {
  constexpr std::size_t kDate = 10, kToMinutes = 16;
  const std::string_view rest = text.size() == kDate ? "T00:00:00Z" : text.size() == kToMinutes ? ":00Z" : "Z";
  const auto shown = parse_rfc3339(std::string(text) += rest);
  if (!shown) return std::nullopt;
  return when_shown(*shown, zone);
}

}  // namespace

Result<WallTime> parse_time(std::string_view text, WallTime now, const ZoneOffset& zone) {
  text = trim(text);
  if (text == "now") return now;
  if (text == "today") return midnight_of(day_of(now, zone), zone);
  if (text == "yesterday") return midnight_of(day_of(now, zone) - std::chrono::days{1}, zone);
  if (const auto duration = parse_duration(text)) return now - *duration;
  if (const auto time = last_shown(text, now, zone)) return *time;
  if (const auto time = shown_then(text, zone)) return *time;
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error(Errc::invalid,
               fmt::format("\"{}\" is not a time such as 10m, 3d, yesterday, 15:04, 2026-01-02 or 2026-01-02T15:04:05Z",
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
