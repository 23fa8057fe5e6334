// What a process prints for people: a log record a line, logger `Service.<name>`, within a rate.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/line_level.hpp"
#include "base/log_sink.hpp"

namespace p2p::services {

/// Logged of one process in the long run; what goes beyond is dropped, and how much is said.
inline constexpr std::size_t kLoggedBytesPerSecond = 256 << 10;
/// Logged of one process at once, after it was quiet.
inline constexpr std::size_t kLoggedBurstBytes = 4 << 20;

/// Not thread-safe.
class ServiceLog {
 public:
  ServiceLog(LogSink& log, const std::string& service) : log_(log, "Service." + service) {}

  /// Takes one line, which may be anything; its level is what it names, or goes on with (base/line_level.hpp), else
  /// INFO.
  void write(std::string_view line, Monotonic now);
  /// The process has ended: says what was dropped since it was said last.
  void finish();

  /// For what is to be said of the service itself.
  const Logger& log() const noexcept { return log_; }

 private:
  Logger log_;
  LineLevels levels_;
  Monotonic since_{};  // when `left_bytes_` was so many
  std::size_t left_bytes_ = kLoggedBurstBytes;
  std::size_t dropped_count_ = 0;
  Monotonic next_word_{};  // not before, of what is dropped
};

}  // namespace p2p::services
