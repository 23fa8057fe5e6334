#include "crypto/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <new>

namespace p2p::crypto {

Sha256 hmac_sha256(ByteView key, ByteView message) {
  Sha256 out{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(),
           nullptr) == nullptr) {
    throw std::bad_alloc();
  }
  return out;
}

}  // namespace p2p::crypto
