// Private and public keys: making, reading and writing them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace p2p::crypto {

/// The keys that certificates of a fleet may have (DESIGN.md section 5).
enum class KeyType : unsigned char { ecdsa_p256, ecdsa_p384, ed25519, rsa_2048, rsa_3072, rsa_4096 };

inline constexpr std::array kKeyTypes{KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ed25519,
                                      KeyType::rsa_2048,   KeyType::rsa_3072,   KeyType::rsa_4096};

/// A key in PEM is never larger; readers of files refuse more.
inline constexpr std::size_t kMaxKeyPemBytes = 16 * 1024;

/// `ecdsa-p256`, `ecdsa-p384`, `ed25519`, `rsa-2048`, `rsa-3072`, `rsa-4096`.
std::string_view to_string(KeyType type) noexcept;
std::optional<KeyType> parse_key_type(std::string_view text) noexcept;

/// The type of a key; none for any other algorithm, curve or size.
std::optional<KeyType> type_of(const EVP_PKEY& key) noexcept;

Result<KeyPtr> generate_key(KeyType type);

/// Reads one unencrypted private key, PKCS#8 or traditional; never prompts. `name` begins the error's text; `damaged`
/// when no key can be read, `unsupported` when it is encrypted.
Result<KeyPtr> read_private_key(std::string_view pem, const std::string& name);

/// PKCS#8 in PEM, unencrypted.
Result<Secret> write_private_key(const EVP_PKEY& key);

/// SHA-256 of the public part (SubjectPublicKeyInfo in DER).
Sha256 public_key_digest(const EVP_PKEY& key);

/// Whether the public parts are equal.
bool same_key(const EVP_PKEY& a, const EVP_PKEY& b) noexcept;

}  // namespace p2p::crypto
