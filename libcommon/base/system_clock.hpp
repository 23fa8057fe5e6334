// The clocks of the operating system.
#pragma once

#include "base/clock.hpp"

namespace p2p {

class SystemClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace p2p
