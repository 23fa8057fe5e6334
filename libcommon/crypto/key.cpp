#include "crypto/key.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <new>

#include "crypto/key_numbers.hpp"

namespace p2p::crypto {
namespace {

/// Takes the place of OpenSSL's prompt on the terminal; says through `user` that a passphrase was wanted.
int refuse_passphrase(char*, int, int, void* user) {
  *static_cast<bool*>(user) = true;
  return -1;
}

int rsa_bits(KeyType type) {
  switch (type) {
    case KeyType::rsa_2048: return 2048;
    case KeyType::rsa_3072: return 3072;
    case KeyType::rsa_4096: return 4096;
    case KeyType::ecdsa_p256:
    case KeyType::ecdsa_p384:
    case KeyType::ed25519: break;
  }
  return 0;
}

}  // namespace

std::string_view to_string(KeyType type) noexcept {
  switch (type) {
    case KeyType::ecdsa_p256: return "ecdsa-p256";
    case KeyType::ecdsa_p384: return "ecdsa-p384";
    case KeyType::ed25519: return "ed25519";
    case KeyType::rsa_2048: return "rsa-2048";
    case KeyType::rsa_3072: return "rsa-3072";
    case KeyType::rsa_4096: return "rsa-4096";
  }
  return "unknown";
}

std::optional<KeyType> parse_key_type(std::string_view text) noexcept {
  for (const KeyType type : kKeyTypes) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

std::optional<KeyType> type_of(const EVP_PKEY& key) noexcept {
  if (EVP_PKEY_is_a(&key, "ED25519")) return KeyType::ed25519;
  if (const Curve* curve = curve_of(key)) return curve == &kP384 ? KeyType::ecdsa_p384 : KeyType::ecdsa_p256;
  if (EVP_PKEY_is_a(&key, "RSA")) {
    for (const KeyType type : {KeyType::rsa_2048, KeyType::rsa_3072, KeyType::rsa_4096}) {
      if (EVP_PKEY_get_bits(&key) == rsa_bits(type)) return type;
    }
  }
  return std::nullopt;
}

Result<KeyPtr> generate_key(KeyType type) {
  KeyPtr key;
  switch (type) {
    case KeyType::ecdsa_p256: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); break;
    case KeyType::ecdsa_p384: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")); break;
    case KeyType::ed25519: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
    case KeyType::rsa_2048:
    case KeyType::rsa_3072:
    case KeyType::rsa_4096:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits(type))));
      break;
  }
  if (!key) return openssl_error(Errc::failed, fmt::format("cannot make a key of type {}", to_string(type)));
  return key;
}

Result<KeyPtr> read_private_key(std::string_view pem, const std::string& name) {
  ERR_clear_error();
  if (pem.size() > kMaxKeyPemBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", name, kMaxKeyPemBytes));
  }
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bool encrypted = false;
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &encrypted) : nullptr);
  if (encrypted) {
    ERR_clear_error();
    return Error(Errc::unsupported, fmt::format("{}: the key is encrypted; a key without passphrase is needed", name));
  }
  if (!key) return openssl_error(Errc::damaged, fmt::format("{}: no private key can be read", name));
  return key;
}

Result<Secret> write_private_key(const EVP_PKEY& key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error(Errc::failed, "cannot write a private key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Secret(std::string_view(text, static_cast<std::size_t>(size)));
}

Sha256 public_key_digest(const EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  if (size < 0) throw std::bad_alloc();
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(der, [](unsigned char* p) { OPENSSL_free(p); });
  return sha256({der, static_cast<std::size_t>(size)});
}

bool same_key(const EVP_PKEY& a, const EVP_PKEY& b) noexcept {
  const bool same = EVP_PKEY_eq(&a, &b) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace p2p::crypto
