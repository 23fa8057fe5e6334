#include "crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <new>

namespace p2p::crypto {
namespace {

struct DigestDeleter {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
};

/// Fetched once: EVP_sha256() makes OpenSSL 3 look the implementation up in each call.
const EVP_MD* fetched_sha256() {
  static const std::unique_ptr<EVP_MD, DigestDeleter> digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return digest.get();
}

}  // namespace

Sha256 sha256(ByteView bytes) {
  Sha256 out{};
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, fetched_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return out;
}

bool equal_constant_time(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace p2p::crypto
