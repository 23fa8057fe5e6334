#include "ratelimit/rates.hpp"

namespace p2p::ratelimit {

std::string_view to_string(LimitClass limit_class) noexcept {
  switch (limit_class) {
    case LimitClass::none: return "none";
    case LimitClass::rpc: return "rpc";
    case LimitClass::health: return "health";
    case LimitClass::metrics: return "metrics";
    case LimitClass::default_: return "default";
    case LimitClass::pki: return "pki";
    case LimitClass::internal: return "internal";
  }
  return "none";
}

Rate rate_of(const Rates& rates, LimitClass limit_class, bool is_node) noexcept {
  if (is_node) return limit_class == LimitClass::internal ? kGossipRate : kNodeRate;
  switch (limit_class) {
    case LimitClass::rpc: return rates.rpc;
    case LimitClass::health: return rates.health;
    case LimitClass::metrics: return rates.metrics;
    case LimitClass::pki: return kPkiRate;
    case LimitClass::none:
    case LimitClass::default_:
    case LimitClass::internal: break;
  }
  return rates.default_;
}

}  // namespace p2p::ratelimit
