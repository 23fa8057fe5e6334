// One syslog message as a record: RFC 5424, and what RFC 3164 describes and its senders make of it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "logs/record.hpp"

namespace p2p::logs {

/// Structured data over this, as JSON, is replaced by `{"refused":"over 8 KiB"}`, so that the rest of attrs stays.
inline constexpr std::size_t kMaxStructuredDataBytes = 8 << 10;

/// A time of day without a zone, as RFC 3164 writes it.
struct CivilTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

/// What is known of a message besides its bytes.
struct SyslogArrival {
  WallTime now{};
  std::string from{};      ///< the sender's address, or empty for a program of this machine
  std::string hostname{};  ///< stands where the message names no host
  /// The wall time of a local time, by this machine's zone.
  WallTime (*to_wall)(const CivilTime& local) = nullptr;
};

/// Never fails: what is no syslog message becomes a record of its whole text (RFC 3164 section 4.3.3). Logger
/// `Syslog.<appname>`, or `Syslog` without one. attrs hold `facility`, `severity`, `hostname`, `appname`, `procid`,
/// `msgid`, `structured_data` (an object an SD-ID; a name that comes twice has a list) and `from`, those that are
/// there.
///
/// - Severity is the level: emerg CRITICAL; alert, crit and err ERROR; warning; notice and info INFO; debug.
/// - RFC 3164 has no year: it is the one that brings the date nearest to `now`. The time is local.
/// - A date as of RFC 3339 is taken in place of RFC 3164's, as many senders have it.
/// - Without a date the message is all text, of now and of `hostname`; without a priority it is user.notice as well.
/// - A first word that looks like a tag (`sshd[42]:`) is one: programs leave out the host on their own machine.
LogRecord parse_syslog(std::string_view message, const SyslogArrival& arrival);

/// `kern`, `user`, … `local7`; the number is below 24.
std::string_view syslog_facility(unsigned number) noexcept;
/// `emerg`, `alert`, … `debug`; the number is below 8. The journal's PRIORITY has the same numbers.
std::string_view syslog_severity(unsigned number) noexcept;
LogLevel level_of_syslog(unsigned severity) noexcept;

}  // namespace p2p::logs
