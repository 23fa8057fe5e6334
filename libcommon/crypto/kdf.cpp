#include "crypto/kdf.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <new>

namespace p2p::crypto {
namespace {

constexpr std::size_t kMaxExpanded = 255 * std::tuple_size_v<Sha256>;

}  // namespace

Sha256 hmac_sha256(ByteView key, ByteView message) {
  Sha256 out{};
  // A null pointer would mean "the key of the call before".
  const void* bytes = key.empty() ? static_cast<const void*>("") : key.data();
  if (HMAC(EVP_sha256(), bytes, static_cast<int>(key.size()), message.data(), message.size(), out.data(), nullptr) ==
      nullptr) {
    throw std::bad_alloc();
  }
  return out;
}

Sha256 hkdf_extract(ByteView salt, ByteView input_key) {
  // HMAC pads a short key with zeros, so that no salt and 32 zero bytes are the same key.
  return hmac_sha256(salt, input_key);
}

Result<Secret> hkdf_expand(ByteView key, std::string_view info, std::size_t size) {
  if (size > kMaxExpanded) return Error(Errc::invalid, "more bytes than HKDF can give");
  std::string out;
  out.reserve(size + std::tuple_size_v<Sha256>);  // never grows, so that no copy is left behind
  Bytes block;
  for (std::uint8_t counter = 1; out.size() < size; ++counter) {
    block.insert(block.end(), info.begin(), info.end());
    block.push_back(counter);
    const Sha256 next = hmac_sha256(key, block);
    out.append(as_text(next));
    OPENSSL_cleanse(block.data(), block.size());
    block.assign(next.begin(), next.end());
  }
  OPENSSL_cleanse(block.data(), block.size());
  out.resize(size);
  return Secret(std::move(out));
}

Result<Secret> hkdf(ByteView input_key, std::string_view info, std::size_t size) {
  Sha256 key = hkdf_extract({}, input_key);
  auto out = hkdf_expand(key, info, size);
  OPENSSL_cleanse(key.data(), key.size());
  return out;
}

Secret pbkdf2_sha256(const Secret& password, ByteView salt, std::uint32_t iterations, std::size_t size) {
  std::string out(size, '\0');
  const auto text = password.view();
  // A null pointer would mean an empty password of any length.
  const char* characters = text.empty() ? "" : text.data();
  // Each iteration copies and frees the states of the digest (with OPENSSL_clear_free); to wipe them twice is a tenth
  // of the time.
  const OpensslWipes by_itself;
  if (PKCS5_PBKDF2_HMAC(characters, static_cast<int>(text.size()), salt.data(), static_cast<int>(salt.size()),
                        static_cast<int>(iterations), EVP_sha256(), static_cast<int>(size),
                        reinterpret_cast<std::uint8_t*>(out.data())) != 1) {
    throw std::bad_alloc();
  }
  return Secret(std::move(out));
}

}  // namespace p2p::crypto
