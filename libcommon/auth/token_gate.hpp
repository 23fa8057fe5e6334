// Turns `Authorization: Bearer …` into a caller, for every request of every session loop. What was verified once is
// remembered by the token's hash, until anything changes by which it would be judged.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "auth/token_blacklist.hpp"
#include "auth/token_signing.hpp"
#include "crypto/digest.hpp"

namespace p2p::auth {

/// Thread-safe.
class TokenGate {
 public:
  /// The verified tokens that are remembered.
  static constexpr std::size_t kMaxRemembered = 4096;

  /// Both replace what held before; what is remembered is forgotten. Before the first set_trust() no token is good.
  void set_trust(TokenTrust trust);
  void set_revoked(std::shared_ptr<const TokenBlacklist::Entries> revoked);

  /// Fills identity (an operator's, with the token's subject), scopes, certificate, token_id and ends_at of the caller
  /// from the value of `Authorization`. Success without an identity when the header is empty; the error of
  /// verify_token(), or `not_permitted`, when there is one that is no good. Verifying takes time: for a token that is
  /// not remembered `may_verify` is asked first, and where it says no the error is `limited`.
  Result<void> authenticate(std::string_view authorization, WallTime now, const std::function<bool()>& may_verify,
                            Caller& caller);
  /// A token by itself, revoked or not.
  Result<Token> verify(std::string_view text, WallTime now) const;

 private:
  struct Rules {
    std::shared_ptr<const TokenTrust> trust;
    std::shared_ptr<const TokenBlacklist::Entries> revoked;
  };
  struct DigestHash {
    std::size_t operator()(const crypto::Sha256& digest) const noexcept;
  };

  std::shared_ptr<const Token> find(const crypto::Sha256& digest) const;
  void remember(const crypto::Sha256& digest, std::shared_ptr<const Token> token, const Rules& judged_by, WallTime now);
  Rules rules() const;

  mutable std::mutex mutex_;
  Rules rules_;
  std::unordered_map<crypto::Sha256, std::shared_ptr<const Token>, DigestHash> remembered_;
};

}  // namespace p2p::auth
