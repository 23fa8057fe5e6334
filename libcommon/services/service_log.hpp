// What a long-lived process prints for people: a log record a line, logger `Service.<name>`, within a rate.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log_sink.hpp"

namespace p2p::services {

/// Logged of one process in a second; the rest is dropped, and how much is said.
inline constexpr std::size_t kMaxLoggedBytesPerSecond = 256 * 1024;

class ServiceLog {
 public:
  ServiceLog(LogSink& log, const std::string& service) : log_(log, "Service." + service) {}

  /// Takes one line.
  void write(std::string_view line, Monotonic now);

 private:
  Logger log_;
  Monotonic second_{};
  std::size_t bytes_ = 0;
  std::size_t dropped_count_ = 0;
};

}  // namespace p2p::services
