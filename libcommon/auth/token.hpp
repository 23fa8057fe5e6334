// What a token says (DESIGN.md section 5): the claims of a JSON Web Token (RFC 7519), read and written. Pure.
//
//   {"iss": "coordinator-1", "sub": "prometheus", "aud": "p2p", "jti": "…", "iat": 1764163200, "exp": 1764249600,
//    "scope": "metrics:read", "asker": {"issuer": "<authority key identifier>", "serial": "…"}}
//
// `scope` is as of RFC 8693 section 4.2; `asker` is the certificate that asked, in hexadecimal, with which the token
// dies.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "auth/permission.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace p2p::auth {

/// A token's text is never longer: claims, and a certificate and a signature of RSA 4096.
inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;
/// How far the clocks of two nodes may be apart.
inline constexpr std::chrono::seconds kTokenLeeway{60};

struct Token {
  std::string id;       ///< `jti`: is_token_id() holds
  std::string subject;  ///< whom it is for: is_valid_name() holds
  Scopes scopes;
  std::chrono::sys_seconds issued_at{};
  std::chrono::sys_seconds expires_at{};
  std::string issuer;        ///< the coordinator that signed it
  pki::CertificateId asker;  ///< the certificate that asked for it
};

/// 1 to 64 characters of the alphabet of base64url; ours have 22.
bool is_token_id(std::string_view text) noexcept;

Json to_claims(const Token& token, std::string_view cluster_name);
/// `not_permitted` for another audience, `invalid` for a claim that is missing or malformed. Scopes that this version
/// does not know are left out. The dates are not judged.
Result<Token> read_claims(const Json& claims, std::string_view cluster_name);

/// `not_permitted` for a token that has expired, or was issued in the future, but for the leeway.
Result<void> check_dates(const Token& token, WallTime now);

/// Seconds since 1970 within the range of WallTime; `invalid` otherwise.
Result<std::chrono::sys_seconds> from_unix_seconds(std::uint64_t seconds);

}  // namespace p2p::auth
