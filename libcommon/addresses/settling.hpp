// When a network that is changing is looked at again: once it has been quiet for a moment, and not much later however
// busy it is. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"

namespace p2p::addresses {

class Settling {
 public:
  struct Settings {
    std::chrono::milliseconds quiet{250};     ///< after the last change
    std::chrono::milliseconds at_most{1000};  ///< after the first one
    std::chrono::seconds poll{15};            ///< without any, as a change may have been missed
  };

  explicit Settling(Monotonic now) : looked_at_(now) {}
  Settling(Settings settings, Monotonic now) : settings_(settings), looked_at_(now) {}

  /// Something changed.
  void changed(Monotonic now);
  /// Changes were lost: the next look is due at once.
  void overflowed(Monotonic now);
  /// When the next look is due.
  Monotonic next_look() const;
  bool is_due(Monotonic now) const { return now >= next_look(); }
  void looked(Monotonic now);

 private:
  Settings settings_{};
  Monotonic looked_at_;
  std::optional<Monotonic> first_change_{};
  Monotonic last_change_{};
  bool is_urgent_ = false;
};

}  // namespace p2p::addresses
