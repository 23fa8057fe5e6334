// The tokens that a fleet's coordinator has revoked, as the list travels: the bulletin `tokens`.
//
//   {"list": "{\"version\":1764163200,\"revoked\":[{\"jti\":\"…\",\"exp\":1764249600}]}",
//    "certificate": "<base64 of the coordinator's certificate in DER>", "signature": "<base64url>"}
//
// The signature (crypto/signature.hpp) covers `p2p-revoked-tokens/1`, NUL, the cluster name, NUL, and the text of
// `list`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/token_blacklist.hpp"
#include "auth/token_signing.hpp"

namespace p2p::auth {

struct RevokedTokenList {
  std::uint64_t version = 0;  ///< at least 1; the higher one is the newer
  std::vector<RevokedToken> revoked;
};

/// `failed` when the key cannot sign.
Result<std::string> sign_revoked_tokens(const RevokedTokenList& list, std::string_view cluster_name,
                                        const pki::RecordSigner& coordinator);
/// `damaged` for what is no such list or has a wrong signature, `not_permitted` when no coordinator of this cluster
/// signed it, or one whose certificate was revoked; `too_large` past kMaxRevokedTokens.
Result<RevokedTokenList> read_revoked_token_list(std::string_view text, const TokenTrust& trust, WallTime now);

}  // namespace p2p::auth
