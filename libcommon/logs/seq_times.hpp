// When the records of a spool were appended, roughly and in bounded memory. Pure.
#pragma once

#include <cstdint>
#include <deque>

#include "base/clock.hpp"

namespace p2p::logs {

/// Not thread-safe.
class SeqTimes {
 public:
  /// Times are kept so far apart; where more than kMostMarks would be needed, twice as far.
  static constexpr std::chrono::milliseconds kStep{100};
  static constexpr std::size_t kMostMarks = 1024;

  /// Numbers and times rise.
  void appended(std::uint64_t seq, Monotonic now);
  /// When this number was appended, or a little before; those below it are asked for no more. It was noted.
  Monotonic time_of(std::uint64_t seq);

 private:
  struct Mark {
    std::uint64_t seq;
    Monotonic at;
  };
  std::deque<Mark> marks_;
  std::chrono::milliseconds step_ = kStep;
};

}  // namespace p2p::logs
