// When a long-lived process that died is started again: soon, then ever later, and never given up. Pure.
#pragma once

#include <deque>
#include <optional>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/manifest.hpp"

namespace p2p::services {

class RestartPolicy {
 public:
  /// `random` must outlive the policy.
  RestartPolicy(Restart settings, Random& random) : settings_(settings), random_(random), delay_(settings.delay) {}

  /// The process can be called.
  void became_ready(Monotonic now) { ready_since_ = now; }
  /// The process died, or could not be started: how long to wait. The wait doubles up to `max_delay`, and up to a fifth
  /// of it is left out at random, so that many nodes do not start the same thing at the same moment.
  std::chrono::milliseconds died(Monotonic now);
  /// Forgets the deaths once the process has been ready for `reset_after`; true when there were any.
  bool settle(Monotonic now);
  /// When settle() has something to do; max() for never.
  Monotonic next_wakeup() const;

  /// It died `degraded_after` times within `degraded_within`, and has not been ready for `reset_after` since.
  bool degraded() const { return degraded_; }

 private:
  Restart settings_;
  Random& random_;
  std::chrono::milliseconds delay_;
  std::deque<Monotonic> deaths_;  // within degraded_within
  std::optional<Monotonic> ready_since_;
  bool degraded_ = false;
  bool unsettled_ = false;  // it died, and settle() has not forgotten that
};

}  // namespace p2p::services
