#include "crypto/secret.hpp"

#include <openssl/crypto.h>

namespace p2p::crypto {

void wipe(std::string& text) noexcept {
  // A moved-from short string keeps its bytes beyond size(), so the whole capacity goes.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_ = std::move(other.text_);
    wipe(other.text_);
  }
  return *this;
}

}  // namespace p2p::crypto
