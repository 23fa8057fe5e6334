// The level that a line of somebody's log file, or of a service's output, names, where it stands in a usual place.
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/log_sink.hpp"

namespace p2p {

/// What is looked at of a line that is no JSON object.
inline constexpr std::size_t kLevelPrefixBytes = 120;

/// What the line names, if it has
/// - as a JSON object: a text in `level`, `severity`, `lvl` or `loglevel`;
/// - in front: a priority as of sd-daemon(3) (`<3>`), a level and a colon, also behind the name of a program or a place
///   (`error:`, `cc: main.c:3:1: warning:`), glog's letter and date (`E1128`), the name of an exception
///   (`ValueError:`), or what begins a stack trace of Python, Java, Go or Rust;
/// - `level=…`, `lvl=…` or `severity=…`, in quotes or not;
/// - a level alone in brackets (`[error]`, `<Warn>`), or in capitals as a word of its own (`ERROR`, `WARN:`), but not
///   within a sentence;
/// the latter two within its first kLevelPrefixBytes, the first one counting. Levels are those of syslog and of common
/// programs: trace, debug, info, notice, warn(ing), err(or), severe, crit(ical), alert, fatal, emerg(ency), panic.
std::optional<LogLevel> level_of_line(std::string_view line);

/// The levels of lines that follow each other: what names none is INFO, but the lines of a stack trace, and those that
/// are indented, are of the line before.
class LineLevels {
 public:
  LogLevel next(std::string_view line);

 private:
  LogLevel last_ = LogLevel::info;
  bool in_traceback_ = false;  // of Python, whose last line is not indented
};

}  // namespace p2p
