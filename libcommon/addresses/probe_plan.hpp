// Which pairs of an own address and one of another node are tried, in which order, when (RFC 8305 section 5), and until
// when. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace p2p::addresses {

/// What of an address decides whether it can be one end of a path.
struct PathEnd {
  bool v6 = false;
  bool loopback = false;
  bool link_local = false;  ///< of IPv6: it means something on one link only
};

/// Why no path leads from the one to the other, as one clause; empty where one may.
std::string_view no_path_between(const PathEnd& source, const PathEnd& target) noexcept;

/// Indices of a source and a target.
struct ProbePair {
  std::size_t source = 0;
  std::size_t target = 0;
  bool operator==(const ProbePair&) const = default;
};

/// Every pair of one family, loopback with loopback alone, link-local with link-local alone. Both lists are best first,
/// and so is the result: by the sum of the places, then by the target's.
std::vector<ProbePair> pair_up(std::span<const PathEnd> sources, std::span<const PathEnd> targets);

enum class ProbeAim : unsigned char {
  first_good,  ///< one after the other until one is good
  all,         ///< every one, in parallel
};

/// So many are under way at most: a machine with a handful of addresses tries all of them at once, so that dead ones
/// take the time of one.
inline constexpr std::size_t kProbesAtOnce = 128;
/// The Connection Attempt Delay of RFC 8305 section 8, and the least that it allows.
inline constexpr std::chrono::milliseconds kProbeStagger{250}, kLeastProbeStagger{10};

/// For first_good: many candidates start closer together, so that the last of them has half of `timeout` left.
std::chrono::milliseconds stagger_of(std::size_t count, std::chrono::milliseconds timeout);

/// Candidates are numbered from 0, best first.
class ProbePlan {
 public:
  /// `timeout` is of each for `all`, and of them together for `first_good`.
  ProbePlan(std::size_t count, ProbeAim aim, std::chrono::milliseconds timeout, Monotonic now);

  struct Start {
    std::size_t candidate = 0;
    Monotonic until{};  ///< it gives up then
  };
  /// Those that begin now.
  std::vector<Start> tick(Monotonic now);
  /// One that had begun has ended; tick() is due.
  void ended(bool good, Monotonic now);
  /// When tick() has something to do though nothing has ended; none: never.
  std::optional<Monotonic> next_wakeup() const;
  /// Nothing is to be waited for any more: those still under way for `first_good` are not needed.
  bool over(Monotonic now) const;

 private:
  bool can_start(Monotonic now) const;

  const std::size_t count_;
  const ProbeAim aim_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::milliseconds stagger_;
  const Monotonic deadline_;  // of first_good
  Monotonic next_start_;      // likewise
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  bool found_ = false;
};

}  // namespace p2p::addresses
