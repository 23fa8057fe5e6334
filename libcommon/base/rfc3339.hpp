// Dates as text: RFC 3339 in UTC.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p {

/// `2026-01-02T03:04:05.123456789Z`; `digits` of the fraction are 0, 3, 6 or 9.
std::string format_rfc3339(WallTime time, int digits = 9);

/// Any RFC 3339 date-time with up to 9 digits of fraction and any offset; leap seconds are read as the second before.
/// `invalid` for anything else, and for years outside 1678 to 2261 (the range of WallTime).
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace p2p
