#include "membership/join_schedule.hpp"

#include <algorithm>

namespace p2p::membership {

bool JoinSchedule::take_attempt(Random& random, Instant now) {
  if (now.monotonic < next_) return false;
  constexpr int kDoublings = 5;
  constexpr double kLongestSeconds = 30;
  const double seconds = std::min(kLongestSeconds, static_cast<double>(1 << std::min(attempts_, kDoublings)));
  next_ = now.monotonic + std::chrono::milliseconds(static_cast<int>(seconds * (800 + 400 * random.unit())));
  ++attempts_;
  return true;
}

}  // namespace p2p::membership
