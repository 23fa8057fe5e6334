// Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6): EC on P-256 and P-384, RSA of 2048 to 4096 bits.
#pragma once

#include <string>

#include "base/json.hpp"
#include "crypto/openssl.hpp"

namespace p2p::crypto {

/// `unsupported` for another type, curve or size; `invalid` for a number that is not canonical unpadded base64url or
/// has the wrong length, a point that is not on its curve, or a private member. Members without meaning for the key are
/// ignored (RFC 7517 section 4).
Result<KeyPtr> read_jwk(const Json& jwk);

/// The public part with the members that RFC 7638 requires and no others; `unsupported` for a key of another kind.
Result<Json> to_jwk(const EVP_PKEY& key);

/// RFC 7638 with SHA-256, base64url: 43 characters. `unsupported` as above.
Result<std::string> jwk_thumbprint(const EVP_PKEY& key);

}  // namespace p2p::crypto
