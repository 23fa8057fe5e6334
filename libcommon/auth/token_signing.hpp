// Tokens as text: JSON Web Tokens (RFC 7519) signed with a coordinator's certificate key, the certificate itself in the
// header `x5c` (RFC 7515 section 4.1.6), so that any node verifies them with nothing but the CA's certificate.
#pragma once

#include <string>
#include <string_view>

#include "auth/token.hpp"
#include "pki/record_signing.hpp"
#include "pki/roots.hpp"

namespace p2p::auth {

/// Whom a node believes.
struct TokenTrust {
  pki::Roots roots;
  std::string cluster_name;
  pki::RevocationCheck is_revoked;  ///< may be empty
};

/// `unsupported` when the coordinator's key is neither ECDSA nor RSA.
Result<std::string> sign_token(const Token& token, std::string_view cluster_name, const pki::RecordSigner& coordinator);

/// Everything but whether it was revoked itself. `invalid` for what is no token of ours, `not_permitted` for one that
/// has expired, is for another cluster, was not signed by a coordinator of this CA, or whose signer's or asker's
/// certificate was revoked, `damaged` for a wrong signature. No error repeats the token. Any thread; an ECDSA
/// verification or two.
Result<Token> verify_token(std::string_view text, const TokenTrust& trust, WallTime now);

}  // namespace p2p::auth
