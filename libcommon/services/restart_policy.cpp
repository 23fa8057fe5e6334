#include "services/restart_policy.hpp"

#include <algorithm>
#include <utility>

namespace p2p::services {

using std::chrono::milliseconds;

milliseconds RestartPolicy::died(Monotonic now) {
  constexpr double kJitter = 0.2;
  settle(now);
  ready_since_.reset();
  unsettled_ = true;
  deaths_.push_back(now);
  while (now - deaths_.front() > settings_.degraded_within) deaths_.pop_front();
  if (deaths_.size() >= settings_.degraded_after) {
    degraded_ = true;
    deaths_.pop_front();  // one more brings the count back: the list stays short
  }
  const milliseconds wait = degraded_ ? settings_.max_delay : delay_;
  delay_ = std::min(delay_ * 2, settings_.max_delay);
  return milliseconds(
      static_cast<milliseconds::rep>(static_cast<double>(wait.count()) * (1 - kJitter * random_.unit())));
}

bool RestartPolicy::settle(Monotonic now) {
  if (!ready_since_ || now - *ready_since_ < settings_.reset_after) return false;
  delay_ = settings_.delay;
  deaths_.clear();
  degraded_ = false;
  return std::exchange(unsettled_, false);
}

Monotonic RestartPolicy::next_wakeup() const {
  return unsettled_ && ready_since_ ? *ready_since_ + settings_.reset_after : Monotonic::max();
}

}  // namespace p2p::services
