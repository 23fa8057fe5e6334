// Signatures with a certificate's key, over the bytes themselves:
//   ecdsa-p256  ECDSA with SHA-256, DER-encoded (RFC 5480, SEC 1)
//   ecdsa-p384  likewise with SHA-384
//   ed25519     pure Ed25519 (RFC 8032)
//   rsa-*       RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017), as TLS 1.3 does it
// Keys of other types neither sign nor verify. Thread-safe; a key may be used by several threads at once.
#pragma once

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"

namespace p2p::crypto {

/// The digest that certificates, requests and messages are signed with by a key of this type: SHA-384 for P-384, none
/// (nullptr) for Ed25519, which has its own, else SHA-256.
const EVP_MD* signing_digest(const EVP_PKEY& key) noexcept;

/// `unsupported` for a key of another type.
Result<Bytes> sign(const EVP_PKEY& private_key, ByteView message);

/// `damaged` when the signature is not of this message and key, `unsupported` for a key of another type.
Result<void> verify(const EVP_PKEY& public_key, ByteView message, ByteView signature);

}  // namespace p2p::crypto
