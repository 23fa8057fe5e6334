#include "membership/adaptive_interval.hpp"

#include <algorithm>
#include <cmath>

namespace p2p::membership {
namespace {

using std::chrono::milliseconds;

constexpr double kLowLoad = 1.0;   // messages a second
constexpr double kHighLoad = 5.0;  // messages a second
constexpr double kMaxStep = 0.2;   // of the current interval

milliseconds rounded(double count) { return milliseconds{std::llround(count)}; }

}  // namespace

AdaptiveInterval::AdaptiveInterval(IntervalSettings settings, Monotonic now)
    : settings_(settings),
      current_(std::clamp(settings.initial, settings.minimum, settings.maximum)),
      window_start_(now) {}

milliseconds AdaptiveInterval::wanted(const IntervalSettings& settings, double messages_per_second) {
  const double share = std::clamp((messages_per_second - kLowLoad) / (kHighLoad - kLowLoad), 0.0, 1.0);
  const auto span = static_cast<double>((settings.maximum - settings.minimum).count());
  return settings.minimum + rounded(span * share);
}

bool AdaptiveInterval::tick(Monotonic now) {
  const auto elapsed = now - window_start_;
  if (elapsed < settings_.adjust_every) return false;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const milliseconds target = wanted(settings_, static_cast<double>(messages_) / seconds);
  const auto current = static_cast<double>(current_.count());
  const milliseconds before = current_;
  current_ = std::clamp(target, rounded(current * (1 - kMaxStep)), rounded(current * (1 + kMaxStep)));
  current_ = std::clamp(current_, settings_.minimum, settings_.maximum);
  window_start_ = now;
  messages_ = 0;
  return current_ != before;
}

}  // namespace p2p::membership
