// How often a client may ask, by the class of what it asks for (DESIGN.md section 4, `rate_limit_*`). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace p2p::ratelimit {

/// The group whose limit a request counts against; `none` is not limited.
enum class LimitClass : unsigned char { none, rpc, health, metrics, default_, pki, internal };
inline constexpr std::size_t kLimitClassCount = 7;
inline constexpr std::array kLimitClasses{LimitClass::none,    LimitClass::rpc,      LimitClass::health,
                                          LimitClass::metrics, LimitClass::default_, LimitClass::pki,
                                          LimitClass::internal};
std::string_view to_string(LimitClass limit_class) noexcept;

/// A token bucket: `burst` requests at once, then `per_minute` evenly. Both are 1 to kMaxRate.
struct Rate {
  std::uint64_t per_minute = 1;
  std::uint64_t burst = 1;
};
inline constexpr std::uint64_t kMaxRate = 10'000'000;

/// Trust material and ACME (`pki`), an address: what one machine needs that orders a hundred certificates at a time, or
/// a site behind one address whose nodes all learn of a new root.
inline constexpr Rate kPkiRate{6'000, 1'000};
/// What a node's certificate may ask for: calls of the services of a whole machine, and through a coordinator of the
/// whole fleet. About what one session loop can answer; it keeps one node from taking more than that.
inline constexpr Rate kNodeRate{3'000'000, 50'000};
/// Gossip and links (`internal`), a node's certificate. In a fleet of 5,000 a node sends a peer a few messages in each
/// interval of 5 s or more, and some dozens when it catches up with news; the sum over all peers is not limited.
inline constexpr Rate kGossipRate{6'000, 1'000};

/// Those of strangers (addresses and tokens) come from the configuration.
struct Rates {
  bool enabled = true;
  Rate rpc{100, 20}, health{300, 50}, metrics{300, 50}, default_{200, 30};
};

/// What applies to a client, of a node's certificate or not.
Rate rate_of(const Rates& rates, LimitClass limit_class, bool is_node) noexcept;

}  // namespace p2p::ratelimit
