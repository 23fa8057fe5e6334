// The two clocks: durations use the monotonic one, dates the wall one (DESIGN.md section 3).
#pragma once

#include <chrono>

namespace p2p {

using Monotonic = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// Where outer code takes the time from; pure code gets time points as arguments. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Monotonic monotonic() const = 0;
  virtual WallTime wall() const = 0;
};

}  // namespace p2p
