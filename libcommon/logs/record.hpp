// One log record: the form in which every line of every node is shipped, stored, filtered and shown (DESIGN.md section
// 10). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log_sink.hpp"

namespace p2p::logs {

inline constexpr std::size_t kMaxMessageBytes = 64 << 10;
inline constexpr std::size_t kMaxAttrsBytes = 16 << 10;
/// Logger, module, function, trace id.
inline constexpr std::size_t kMaxNameBytes = 256;
/// Epochs and sequence numbers fit a signed 64-bit column.
inline constexpr std::uint64_t kMaxSeq = INT64_MAX;
/// Epochs are drawn below this, so that readers whose numbers are doubles (browsers, jq) show them unchanged.
inline constexpr std::uint64_t kEpochLimit = std::uint64_t{1} << 53;

struct LogRecord {
  WallTime timestamp{};     ///< when it was written, by the node's clock
  std::string node_id;      ///< always the certificate's name once it is stored
  std::uint64_t epoch = 0;  ///< one life of a node's spool; `seq` counts within it
  std::uint64_t seq = 0;    ///< rises by one a record; (node_id, epoch, seq) is unique
  LogLevel level = LogLevel::info;
  std::string logger_name;  ///< dotted: `Gossip`, `Service.disk`
  std::string message;      ///< UTF-8 without NUL; may hold line ends
  std::string attrs{};      ///< JSON text of one object without line ends, or empty
  std::string module{};
  std::string function{};
  std::uint32_t line = 0;  ///< 0 for none
  std::string trace_id{};
  WallTime received_at{};  ///< when the coordinator stored it, by its clock; the epoch itself for "not stored"

  bool operator==(const LogRecord&) const = default;
};

/// Brings texts into their limits: a message over kMaxMessageBytes is cut at a character and attrs gets
/// `message_cut_from_bytes`; invalid UTF-8 becomes U+FFFD, NUL becomes U+2400; attrs that are no JSON object or too
/// large are replaced by `{"attrs_refused":"why"}`; an empty logger becomes `root`.
void normalise(LogRecord& record);

/// For a source that has read only the beginning of a message: cuts it to its limit, and attrs gets
/// `message_cut_from_bytes`. attrs must be a JSON object or empty.
void cut_message(LogRecord& record, std::size_t written_bytes);

/// Severity numbers of OpenTelemetry (logs data model, SeverityNumber): 5, 9, 13, 17, 21. So are levels stored and
/// shipped.
int severity_of(LogLevel level) noexcept;
/// The level whose range holds the number (1-8 DEBUG, 9-12 INFO, 13-16 WARNING, 17-20 ERROR, above CRITICAL).
LogLevel level_of_severity(std::int64_t severity) noexcept;

/// Syslog's (RFC 5424 section 6.2.1), which sd-daemon(3) has too: 7, 6, 4, 3, 2.
int syslog_severity_of(LogLevel level) noexcept;

/// How many of each level, from DEBUG to CRITICAL.
using LevelCounts = std::array<std::uint64_t, 5>;

/// `text` as UTF-8: malformed bytes become U+FFFD, NUL becomes U+2400; at most `max_bytes`, cut at a character.
std::string clean_text(std::string_view text, std::size_t max_bytes);

}  // namespace p2p::logs
