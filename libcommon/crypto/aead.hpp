// AES-256-GCM (NIST SP 800-38D) with a nonce of 96 bits and a tag of 128, a piece at a time.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace p2p::crypto {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;
using AeadTag = std::array<std::uint8_t, kAeadTagBytes>;

/// Encrypts one message. A nonce never serves two messages of one key. Throws std::bad_alloc when memory is out.
class AeadSealer {
 public:
  /// Key and nonce have the sizes above.
  AeadSealer(const Secret& key, ByteView nonce, ByteView associated);

  /// The next piece; `out` has room for as many bytes, and may be the same memory.
  void seal(ByteView piece, std::uint8_t* out);
  /// After the last piece.
  AeadTag finish();

 private:
  CipherContextPtr context_;
};

/// Decrypts in place. `damaged` when the tag does not fit; then nothing of the text is left.
Result<void> open_in_place(const Secret& key, ByteView nonce, ByteView associated, std::span<std::uint8_t> text,
                           ByteView tag);

}  // namespace p2p::crypto
