// The integers that a key is made of, as JOSE writes them (RFC 7518 section 6): big-endian, of a fixed width for
// elliptic curves and without leading zeros for RSA.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"

namespace p2p::crypto {

/// An elliptic curve by the names that JOSE and OpenSSL give it.
struct Curve {
  std::string_view jose_name;
  const char* openssl_name;
  std::size_t coordinate_bytes;
};
inline constexpr Curve kP256{"P-256", "prime256v1", 32};
inline constexpr Curve kP384{"P-384", "secp384r1", 48};

/// kP256 or kP384; nullptr for a key of another kind.
const Curve* curve_of(const EVP_PKEY& key) noexcept;

/// Bits of an RSA modulus of 2048 to 4096 bits; none for a key of another kind or size.
std::optional<int> rsa_bits_of(const EVP_PKEY& key) noexcept;

/// The number that OpenSSL knows as `parameter` (OSSL_PKEY_PARAM_…), padded with zeros to `width` bytes where it is
/// shorter. `invalid` when the key has none.
Result<Bytes> key_number(const EVP_PKEY& key, const char* parameter, std::size_t width = 0);

}  // namespace p2p::crypto
