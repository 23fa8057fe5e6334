// One moment on both clocks: durations by the monotonic one, dates by the wall one.
#pragma once

#include "base/clock.hpp"

namespace p2p::membership {

struct Instant {
  Monotonic monotonic{};
  WallTime wall{};
};

}  // namespace p2p::membership
