// How often to gossip, by load: below 1 message a second the shortest interval, above 5 the longest, linear between;
// each adjustment at most 20%. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace p2p::membership {

struct IntervalSettings {
  std::chrono::milliseconds minimum{5'000};
  std::chrono::milliseconds maximum{30'000};
  std::chrono::milliseconds initial{15'000};
  std::chrono::milliseconds adjust_every{60'000};
};

class AdaptiveInterval {
 public:
  AdaptiveInterval(IntervalSettings settings, Monotonic now);

  /// One gossip message went out or came in.
  void count_message() { ++messages_; }

  /// Adjusts when the time has come; true when the interval changed.
  bool tick(Monotonic now);
  Monotonic next_wakeup() const { return window_start_ + settings_.adjust_every; }
  std::chrono::milliseconds current() const { return current_; }

  /// What the load alone asks for, before the 20% are applied.
  static std::chrono::milliseconds wanted(const IntervalSettings& settings, double messages_per_second);

 private:
  IntervalSettings settings_;
  std::chrono::milliseconds current_;
  Monotonic window_start_;
  std::uint64_t messages_ = 0;
};

}  // namespace p2p::membership
