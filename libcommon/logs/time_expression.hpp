// Points in time as people type them: `10m`, `3d`, `yesterday`, `2026-01-02`, RFC 3339. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::logs {

/// A duration (`10m`, `3d`: that long before `now`), `now`, `today` and `yesterday` (their midnight), `YYYY-MM-DD` (its
/// midnight) or an RFC 3339 date-time. Days begin at midnight of the zone `utc_offset` east of UTC. `invalid` for
/// anything else.
Result<WallTime> parse_time(std::string_view text, WallTime now, std::chrono::seconds utc_offset);

/// What a tool passes on to the coordinator: durations as they are, so that they count from its clock, which is the one
/// that dates records; everything else as RFC 3339. `invalid` as above.
Result<std::string> time_parameter(std::string_view text, WallTime now, std::chrono::seconds utc_offset);

}  // namespace p2p::logs
