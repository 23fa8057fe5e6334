// Anti-replay nonces (RFC 8555 section 6.5): authenticated, so that nothing is stored for those that never come back,
// and each taken once within a bounded window. A nonce is base64url of
//   0   8  number, big-endian      8   8  seconds since 1970, big-endian      16  16  HMAC-SHA-256 of both, cut
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "acme/replay_window.hpp"
#include "base/clock.hpp"
#include "crypto/secret.hpp"

namespace p2p::acme {

/// Clients keep nonces for later; one that is older than this is refused.
inline constexpr std::chrono::hours kNonceLifetime{1};
/// 128 KiB of memory. A client whose nonce fell out of it is told badNonce and tries again.
inline constexpr std::uint64_t kNonceWindow = 1 << 20;

/// Thread-safe. The key is made anew, so that nonces of an earlier run are refused.
class Nonces {
 public:
  explicit Nonces(std::uint64_t window = kNonceWindow);

  std::string make(WallTime now);
  /// True once for each nonce that make() gave less than kNonceLifetime ago.
  bool take(std::string_view nonce, WallTime now);

 private:
  crypto::Secret key_;
  std::mutex mutex_;
  ReplayWindow window_;  // under mutex_
};

}  // namespace p2p::acme
