#include "crypto/signature.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/key.hpp"

namespace p2p::crypto {
namespace {

bool is_rsa(KeyType type) {
  return type == KeyType::rsa_2048 || type == KeyType::rsa_3072 || type == KeyType::rsa_4096;
}

bool use_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

Error unsupported() { return {Errc::unsupported, "a key of this type is not used for signatures here"}; }

}  // namespace

const EVP_MD* signing_digest(const EVP_PKEY& key) noexcept {
  const auto type = type_of(key);
  if (type == KeyType::ed25519) return nullptr;
  return type == KeyType::ecdsa_p384 ? EVP_sha384() : EVP_sha256();
}

Result<Bytes> sign(const EVP_PKEY& private_key, ByteView message) {
  const auto type = type_of(private_key);
  if (!type) return unsupported();
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  // OpenSSL takes the key without const, but only counts a reference to it.
  auto* key = const_cast<EVP_PKEY*>(&private_key);
  if (!context || EVP_DigestSignInit(context.get(), &parameters, signing_digest(*key), nullptr, key) != 1 ||
      (is_rsa(*type) && !use_pss(parameters))) {
    return openssl_error(Errc::failed, "cannot begin a signature");
  }
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(&private_key));
  Bytes out(size);
  if (EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1) {
    return openssl_error(Errc::failed, "cannot sign");
  }
  out.resize(size);
  return out;
}

Result<void> verify(const EVP_PKEY& public_key, ByteView message, ByteView signature) {
  const auto type = type_of(public_key);
  if (!type) return unsupported();
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  auto* key = const_cast<EVP_PKEY*>(&public_key);
  if (!context || EVP_DigestVerifyInit(context.get(), &parameters, signing_digest(*key), nullptr, key) != 1 ||
      (is_rsa(*type) && !use_pss(parameters))) {
    return openssl_error(Errc::failed, "cannot begin to verify a signature");
  }
  const int outcome =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size());
  ERR_clear_error();
  if (outcome != 1) return Error(Errc::damaged, "the signature does not belong to this message and key");
  return {};
}

}  // namespace p2p::crypto
