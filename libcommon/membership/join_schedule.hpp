// When a worker asks to join, and whether it may gossip yet. Pure.
#pragma once

#include "base/random.hpp"
#include "membership/instant.hpp"

namespace p2p::membership {

class JoinSchedule {
 public:
  explicit JoinSchedule(bool needed) : needed_(needed) {}

  void start(Instant now) { next_ = needed_ ? now.monotonic : Monotonic::max(); }
  /// True when an attempt is due; the next one is then planned after a back-off of 1 s doubling to 30 s, ±20%.
  bool take_attempt(Random& random, Instant now);
  void joined() {
    refused_ = false;
    next_ = Monotonic::max();
  }
  /// Another live process has our name: no word to anybody until a join is accepted.
  void refused() { refused_ = true; }

  /// No further attempt.
  void stop() { next_ = Monotonic::max(); }

  bool is_refused() const { return refused_; }
  Monotonic next() const { return next_; }

 private:
  bool needed_;
  bool refused_ = false;
  int attempts_ = 0;
  Monotonic next_ = Monotonic::max();
};

}  // namespace p2p::membership
