// The level that a line of somebody's log file, or of a service's output, names, where it stands in a usual place.
// Pure.
#pragma once

#include <string_view>

#include "base/log_sink.hpp"

namespace p2p {

/// What is looked at of a line that is no JSON object.
inline constexpr std::size_t kLevelPrefixBytes = 120;

/// INFO unless the line has
/// - as a JSON object: a text in `level`, `severity`, `lvl` or `loglevel`;
/// - `level=…`, `lvl=…` or `severity=…`, in quotes or not;
/// - a level alone in brackets (`[error]`, `<Warn>`), or in capitals as a word of its own (`ERROR`, `WARN:`);
/// the latter two within its first kLevelPrefixBytes, the first one counting. Levels are those of syslog and of common
/// programs: trace, debug, info, notice, warn(ing), err(or), severe, crit(ical), alert, fatal, emerg(ency), panic.
LogLevel level_of_line(std::string_view line);

}  // namespace p2p
