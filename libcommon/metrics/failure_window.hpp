// Which methods fail, out of counters that only rise. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "metrics/node_figures.hpp"

namespace p2p::metrics {

/// Since the node's start.
struct MethodCounts {
  std::string_view method;  ///< full name
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;  ///< of the calls
};

/// How long a method that nobody calls any more counts as failing: nothing says that it would not.
inline constexpr std::chrono::minutes kFailingKept{15};

/// Keeps a sample each ten seconds, of the methods that were called. One thread.
class FailureWindow {
 public:
  /// Those that failed within the last minute (or a sixth longer), without their errors, at most kMaxFiguresFailing:
  /// the ones first of whose calls most surely the largest part fails, so that neither a busy method with a failure now
  /// and then nor a few single failures hide one that does not work. One that is called rarely stays as it was when it
  /// was called last, up to kFailingKept. One is left out once it has succeeded since so often that it must have been
  /// mended. Before the first time nothing was counted; counters that fell began anew.
  std::vector<FailingMethod> add(Monotonic now, std::span<const MethodCounts> counted);

 private:
  struct Counts {
    std::uint64_t calls = 0, failed = 0;
  };
  struct Sample {
    Monotonic at;
    std::map<std::string, Counts, std::less<>> methods;
  };
  void keep(Monotonic now, std::span<const MethodCounts> counted);

  struct Failed {
    Counts last;           // when it was seen to have failed last
    FailingMethod method;  // as it is told
    Monotonic at;          // when it was failing last within its minute
    bool is_failing = false;
  };
  Failed look(Failed before, const MethodCounts& method, Monotonic now) const;

  std::deque<Sample> samples_;
  std::map<std::string, Failed, std::less<>> failed_;  // of methods that are there
};

}  // namespace p2p::metrics
