// The rate limits of this node's port: from who asks to the bucket that counts.
#pragma once

#include "base/clock.hpp"
#include "config/node_config.hpp"
#include "net/server.hpp"
#include "ratelimit/limiter.hpp"
#include "rpc/dispatcher.hpp"

namespace p2p::node {

/// Thread-safe. Outlives what it makes.
class RequestLimits {
 public:
  RequestLimits(const config::NodeConfig& config, Random& random, const Clock& clock);

  /// Takes over `rate_limit_*`.
  void reload(const config::NodeConfig& config);

  /// Whether one more request would be let in; it is not counted.
  bool has_room(const auth::Caller& caller, net::LimitClass limit_class);
  net::RateLimiter of_requests();
  rpc::CallLimiter of_calls();
  const ratelimit::Limiter& limiter() const { return limiter_; }

 private:
  std::optional<std::chrono::seconds> take(const auth::Caller& caller, net::LimitClass limit_class, std::uint64_t cost,
                                           std::uint64_t paid);

  const Clock& clock_;
  ratelimit::Limiter limiter_;
};

}  // namespace p2p::node
