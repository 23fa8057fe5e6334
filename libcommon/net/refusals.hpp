// Which refusals are said in the log: a client that was taken out of the fleet tries again for days. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace p2p::net {

class Refusals {
 public:
  static constexpr std::chrono::hours kSayAgainAfter{1};
  /// Of a flood of different ones the rest is only counted, in the metrics.
  static constexpr std::size_t kMostKnown = 256;

  /// `what` was refused now. How often it was since it was last said, when it is to be said; none when not.
  std::optional<std::uint64_t> add(const std::string& what, Monotonic now);

 private:
  struct Known {
    Monotonic said_at;
    std::uint64_t since = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace p2p::net
