// Which of the numbers that were given out last have come back. Bounded: one bit a number. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace p2p::acme {

class ReplayWindow {
 public:
  /// Remembers the last `size` numbers (at least 1).
  explicit ReplayWindow(std::uint64_t size);

  /// The next number, from 0 on.
  std::uint64_t give();
  /// True once for a number that was given; false when it comes again, was never given, or is older than the window.
  bool take(std::uint64_t number);

 private:
  std::vector<bool> open_;  // by number modulo the size: given and not taken
  std::uint64_t next_ = 0;
};

}  // namespace p2p::acme
