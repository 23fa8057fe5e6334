// Dates as text: RFC 3339 in UTC.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p {

/// What parse_rfc3339() reads: the years 1678 to 2261, which WallTime holds whatever the offset.
inline constexpr WallTime kEarliestDate{std::chrono::sys_days{std::chrono::year{1678} / 1 / 1}};
inline constexpr WallTime kLatestDate =
    WallTime{std::chrono::sys_days{std::chrono::year{2262} / 1 / 1}} - std::chrono::nanoseconds{1};

/// `2026-01-02T03:04:05.123456789Z`; `digits` of the fraction are 0, 3, 6 or 9.
std::string format_rfc3339(WallTime time, int digits = 9);

/// Any RFC 3339 date-time with up to 9 digits of fraction and any offset; leap seconds are read as the second before.
/// `invalid` for anything else, and for what is outside kEarliestDate to kLatestDate in UTC: what was
/// read can be written and read again.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace p2p
