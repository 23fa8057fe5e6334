// Points in time as people type them: `10m`, `3d`, `yesterday`, `15:04`, `2026-01-02`, RFC 3339. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::logs {

/// How far east of UTC a zone is at that moment, which summer time changes. An empty one is UTC.
using ZoneOffset = std::function<std::chrono::seconds(WallTime)>;

/// A duration (`10m`, `1h30m`: that long before `now`), `now`, `today` and `yesterday` (their midnight), `HH:MM[:SS]`
/// (the last time that it was so late, by the clocks of `zone`), `YYYY-MM-DD` (its midnight), also with a time of that
/// day, or an RFC 3339 date-time. Days begin at midnight of `zone`. `invalid` for anything else.
Result<WallTime> parse_time(std::string_view text, WallTime now, const ZoneOffset& zone);

/// What a tool passes on to the coordinator: durations as they are, so that they count from its clock, which is the one
/// that dates records; everything else as RFC 3339. `invalid` as above.
Result<std::string> time_parameter(std::string_view text, WallTime now, const ZoneOffset& zone);

}  // namespace p2p::logs
