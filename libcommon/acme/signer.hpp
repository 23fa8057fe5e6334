// Keys that sign JWS (RFC 7515), as the client's machines see them: what signs is passed in. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace p2p::acme {

class Signer {
 public:
  virtual ~Signer() = default;
  /// As in the `alg` of a protected header (RFC 7518 section 3.1): `ES256`, `HS256`.
  virtual std::string_view algorithm() const = 0;
  /// The signature's bytes in JWA's form (for ES256 r and s, 32 bytes each).
  virtual Result<Bytes> sign(std::string_view signing_input) const = 0;
};

class AccountSigner : public Signer {
 public:
  /// The public key as a JWK, in the canonical form of RFC 7638 section 3.
  virtual const std::string& jwk() const = 0;
  /// RFC 7638, base64url; of it key authorizations are made.
  virtual const std::string& thumbprint() const = 0;
};

/// Flattened JWS JSON (RFC 7515 section 7.2.2) of a protected header, which is JSON text, and any payload.
Result<std::string> flattened_jws(const Signer& signer, std::string_view protected_header, std::string_view payload);

}  // namespace p2p::acme
