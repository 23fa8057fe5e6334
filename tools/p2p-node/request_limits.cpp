#include "request_limits.hpp"

#include "auth/limited_client.hpp"

namespace p2p::node {
namespace {

ratelimit::Rates rates_of(const config::NodeConfig& config) {
  ratelimit::Rates out;
  out.enabled = config.rate_limit_enabled;
  out.rpc = {config.rate_limit_rpc_requests, config.rate_limit_rpc_burst};
  out.health = {config.rate_limit_health_requests, config.rate_limit_health_burst};
  out.metrics = {config.rate_limit_metrics_requests, config.rate_limit_metrics_burst};
  out.default_ = {config.rate_limit_default_requests, config.rate_limit_default_burst};
  return out;
}

}  // namespace

RequestLimits::RequestLimits(const config::NodeConfig& config, Random& random, const Clock& clock)
    : clock_(clock), limiter_(rates_of(config), random) {}

void RequestLimits::reload(const config::NodeConfig& config) { limiter_.set_rates(rates_of(config)); }

std::optional<std::chrono::seconds> RequestLimits::take(const auth::Caller& caller, net::LimitClass limit_class,
                                                        std::uint64_t cost, std::uint64_t paid) {
  const auto client = auth::limited_client(caller);
  if (!client) return std::nullopt;
  return limiter_.take(*client, limit_class, cost, paid, clock_.monotonic());
}

bool RequestLimits::has_room(const auth::Caller& caller, net::LimitClass limit_class) {
  const auto client = auth::limited_client(caller);
  return !client || limiter_.has_room(*client, limit_class, clock_.monotonic());
}

net::RateLimiter RequestLimits::of_requests() {
  return [this](const auth::Caller& caller, net::LimitClass limit_class) { return take(caller, limit_class, 1, 0); };
}

rpc::CallLimiter RequestLimits::of_calls() {
  return [this](const auth::Caller& caller, std::size_t calls, std::size_t paid) {
    return take(caller, net::LimitClass::rpc, calls, paid);
  };
}

}  // namespace p2p::node
