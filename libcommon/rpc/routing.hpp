// Which of several nodes gets a call, and whether a failed one is tried again (DESIGN.md section 7): the less busy of
// two random candidates, a breaker per (node, service), retries within a budget. Pure; time and randomness come in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "rpc/target.hpp"

namespace p2p::rpc {

/// How an attempt ended, as the breaker sees it: an error that the service itself answered is `answered`.
enum class Verdict : unsigned char { answered, failed, abandoned };

/// Closed lets calls through; kOpenAfter failures in a row open it for kFirstOpen, doubling to kLongestOpen; then one
/// call probes (half open): its answer closes the breaker, its failure opens it again. A probe that takes its time
/// keeps nobody waiting: after kProbePatience another call may probe.
class Breaker {
 public:
  static constexpr int kOpenAfter = 5;
  static constexpr std::chrono::milliseconds kFirstOpen{1'000};
  static constexpr std::chrono::milliseconds kLongestOpen{30'000};
  static constexpr std::chrono::milliseconds kProbePatience{2'000};

  enum class State : unsigned char { closed, open, half_open };
  State state(Monotonic now) const;
  /// True when a call may be tried now: closed, or half open with no probe that began a moment ago.
  bool allows(Monotonic now) const;
  /// For a call that it allows now. True when this is the probe. Each begun call ends with exactly one verdict.
  bool begin(Monotonic now);
  void end(Verdict verdict, bool probe, Monotonic now);
  /// Nothing worth remembering.
  bool idle() const { return failures_ == 0 && !open_; }
  Monotonic last_failure() const { return last_failure_; }

 private:
  int failures_ = 0;
  bool open_ = false;
  std::optional<Monotonic> probe_began_;
  std::chrono::milliseconds open_for_{};
  Monotonic open_until_{};
  Monotonic last_failure_{};
};

/// Retries are at most a tenth of the calls, after a first hundred: so many calls may be under way to a node that dies.
class RetryBudget {
 public:
  static constexpr int kTenthsPerCall = 1;
  static constexpr int kTenthsPerRetry = 10;
  static constexpr int kMostTenths = 1000;
  void called() { tenths_ = std::min(tenths_ + kTenthsPerCall, kMostTenths); }
  bool take();

 private:
  int tenths_ = kMostTenths;
};

/// A failed attempt may be tried again when it never reached the peer, or when running twice does no harm.
constexpr bool may_retry(bool sent, bool idempotent) { return !sent || idempotent; }

/// The routing state of one node. Not thread-safe.
class Balancer {
 public:
  explicit Balancer(Random& random) : random_(random) {}

  /// The less busy of two random candidates whose breaker lets a call through; null when there is none.
  const Candidate* choose(std::span<const Candidate* const> candidates, std::string_view service, Monotonic now);

  /// A call under way; begin() makes it, end() takes it.
  struct Attempt {
    std::string node, service;
    bool probe = false;
  };
  /// None when its breaker does not let the call through: another may have become the probe since choose().
  std::optional<Attempt> begin(const std::string& node, std::string_view service, Monotonic now);
  void end(const Attempt& attempt, Verdict verdict, Monotonic now);

  /// Begun and not ended.
  std::size_t outstanding(std::string_view node) const;

  RetryBudget& retries() { return retries_; }
  /// Breakers that are not closed: (node, service, state), for metrics.
  struct OpenBreaker {
    std::string node, service;
    Breaker::State state;
  };
  std::vector<OpenBreaker> open_breakers(Monotonic now) const;

 private:
  /// Callers choose the service's name freely, so what is remembered is bounded.
  static constexpr std::size_t kMaxBreakers = 4096;
  static constexpr std::chrono::minutes kForgetAfter{10};

  void forget_old(Monotonic now);

  Random& random_;
  RetryBudget retries_;
  std::map<std::string, std::size_t, std::less<>> outstanding_;
  std::map<std::pair<std::string, std::string>, Breaker> breakers_;
};

}  // namespace p2p::rpc
