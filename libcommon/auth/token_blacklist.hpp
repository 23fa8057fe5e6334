// Which tokens were revoked before their time (`jwt_blacklist_file`): only ever grows, but for those that would have
// expired anyway. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/token.hpp"

namespace p2p::auth {

/// Lists in files and from other nodes are never longer. A coordinator issues no more tokens than that at a time.
inline constexpr std::size_t kMaxRevokedTokens = 16'384;

struct RevokedToken {
  std::string id;
  std::chrono::sys_seconds expires_at{};
  bool operator==(const RevokedToken&) const = default;
};

/// Not thread-safe; snapshot() is for other threads.
class TokenBlacklist {
 public:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using Entries = std::unordered_map<std::string, std::chrono::sys_seconds, TextHash, std::equal_to<>>;

  TokenBlacklist() : entries_(std::make_shared<Entries>()) {}

  struct Added {
    std::size_t count = 0;     ///< that were new
    std::size_t left_out = 0;  ///< for lack of room: these tokens are still good
  };
  /// Those that have expired need no place, and are none of either.
  Added add(const std::vector<RevokedToken>& revoked, WallTime now);
  /// How many have expired, past the leeway, and are gone.
  std::size_t drop_expired(WallTime now);
  bool contains(std::string_view id) const { return entries_->contains(id); }
  bool empty() const { return entries_->empty(); }
  /// By id.
  std::vector<RevokedToken> list() const;
  /// Never changes.
  std::shared_ptr<const Entries> snapshot() const { return entries_; }

 private:
  std::shared_ptr<const Entries> entries_;
};

/// `[{"jti": "…", "exp": 1764249600}]`, which the file and the list that travels share.
Json to_json(const std::vector<RevokedToken>& revoked);
/// `damaged` for anything else, `too_large` past kMaxRevokedTokens.
Result<std::vector<RevokedToken>> read_revoked_tokens(const Json& json);

}  // namespace p2p::auth
