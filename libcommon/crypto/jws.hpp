// JSON Web Signatures (RFC 7515), flattened and compact, with the strictness that ACME (RFC 8555 section 6.2) and
// tokens need: one signature, all of the header protected, an algorithm that fits the key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace p2p::crypto {

enum class JwsAlgorithm : unsigned char { rs256, es256, es384, hs256, hs384, hs512 };

/// `RS256`, `ES256`, …
std::string_view to_string(JwsAlgorithm algorithm) noexcept;
/// HS256, HS384, HS512: made with a shared secret.
bool is_mac(JwsAlgorithm algorithm) noexcept;

/// A JWS is never larger in either form; more is `too_large`.
inline constexpr std::size_t kMaxJwsBytes = 64 * 1024;

/// What was read, before anyone has looked at the signature.
struct Jws {
  Json header;  ///< the protected header, an object; there is no other
  JwsAlgorithm algorithm = JwsAlgorithm::es256;
  std::string payload;  ///< decoded; may be empty
  std::string compact;  ///< protected.payload.signature, as received
};

/// `invalid` for anything but exactly the three members of the flattened form with canonical unpadded base64url, or a
/// header with `crit` or without `alg`; `unsupported` for an algorithm that is not in the list above.
Result<Jws> parse_jws(std::string_view flattened);
/// The same for one that is a member of another document.
Result<Jws> read_flattened_jws(const Json& flattened);
/// The same for `protected.payload.signature`.
Result<Jws> parse_compact_jws(std::string_view compact);

/// `damaged` when the signature is not of this content and key; `unsupported` when the algorithm does not fit the key:
/// RS256 is for RSA, ES256 for P-256 and ES384 for P-384 alone.
Result<void> verify_jws(const Jws& jws, const EVP_PKEY& public_key);
/// For HS256, HS384 and HS512; `unsupported` for any other algorithm, `invalid` for an empty key.
Result<void> verify_jws(const Jws& jws, const Secret& key);

/// Signs with the algorithm of the key (RS256, ES256, ES384), which is added to `header`; the flattened form.
Result<Json> sign_jws(const Json& header, std::string_view payload, const EVP_PKEY& private_key);
/// With HS256.
Result<Json> sign_jws(const Json& header, std::string_view payload, const Secret& key);
/// The compact form.
Result<std::string> sign_compact_jws(const Json& header, std::string_view payload, const EVP_PKEY& private_key);

}  // namespace p2p::crypto
