#include "crypto/aead.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <new>

namespace p2p::crypto {
namespace {

// OpenSSL counts in int.
constexpr std::size_t kMaxPieceBytes = std::size_t{1} << 30;

/// For calls that fail only without memory.
void require(int outcome) {
  if (outcome != 1) throw std::bad_alloc();
}

const std::uint8_t* bytes_of(const Secret& key) { return as_bytes(key.view()).data(); }

void update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteView in) {
  while (!in.empty()) {
    const std::size_t size = std::min(in.size(), kMaxPieceBytes);
    int done = 0;
    require(EVP_CipherUpdate(context, out, &done, in.data(), static_cast<int>(size)));
    in = in.subspan(size);
    if (out != nullptr) out += size;
  }
}

CipherContextPtr begin(const Secret& key, ByteView nonce, ByteView associated, bool encrypt) {
  CipherContextPtr out(EVP_CIPHER_CTX_new());
  if (!out || key.view().size() != kAeadKeyBytes || nonce.size() != kAeadNonceBytes) throw std::bad_alloc();
  require(EVP_CipherInit_ex(out.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce.data(), encrypt ? 1 : 0));
  update(out.get(), nullptr, associated);
  return out;
}

}  // namespace

AeadSealer::AeadSealer(const Secret& key, ByteView nonce, ByteView associated)
    : context_(begin(key, nonce, associated, true)) {}

void AeadSealer::seal(ByteView piece, std::uint8_t* out) { update(context_.get(), out, piece); }

AeadTag AeadSealer::finish() {
  AeadTag out{};
  int done = 0;
  require(EVP_CipherFinal_ex(context_.get(), out.data(), &done));
  require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(out.size()), out.data()));
  return out;
}

Result<void> open_in_place(const Secret& key, ByteView nonce, ByteView associated, std::span<std::uint8_t> text,
                           ByteView tag) {
  if (tag.size() != kAeadTagBytes) return Error(Errc::damaged, "the tag is cut off");
  const auto context = begin(key, nonce, associated, false);
  AeadTag expected{};
  std::copy(tag.begin(), tag.end(), expected.begin());
  require(
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(expected.size()), expected.data()));
  update(context.get(), text.data(), text);
  std::uint8_t none = 0;
  int done = 0;
  if (EVP_CipherFinal_ex(context.get(), &none, &done) == 1) return {};
  OPENSSL_cleanse(text.data(), text.size());
  return Error(Errc::damaged, "the tag does not fit");
}

}  // namespace p2p::crypto
