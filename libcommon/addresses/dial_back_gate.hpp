// How often, and how many at once, a coordinator dials back: whoever asks makes it open a connection. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/sip_hash.hpp"
#include "ratelimit/bucket_table.hpp"

namespace p2p::addresses {

/// One a second for each node; the burst is a table of all its paths.
inline constexpr ratelimit::Rate kDialBackRate{60, 16};
inline constexpr std::size_t kDialBacksAtOnce = 32;
/// Nodes that have asked lately; a power of two.
inline constexpr std::size_t kMaxDialBackSlots = 4096;

class DialBackGate {
 public:
  /// The key is random.
  explicit DialBackGate(SipHash::Key key) : hash_(key), buckets_(kMaxDialBackSlots) {}

  /// Empty: it may begin, and ended() follows. Else the sentence that says why not.
  std::string begin(std::string_view node_id, Monotonic now);
  void ended() { --under_way_; }

 private:
  SipHash hash_;
  ratelimit::BucketTable buckets_;
  std::size_t under_way_ = 0;
};

}  // namespace p2p::addresses
