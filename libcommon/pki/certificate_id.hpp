// By what a certificate is found in a revocation list (RFC 5280 section 5.2): who issued it, and its serial number.
// Pure.
#pragma once

#include <functional>

#include "base/bytes.hpp"

namespace p2p::pki {

struct CertificateId {
  Bytes issuer_key_id;  ///< authority key identifier; empty when the certificate has none
  Bytes serial;         ///< big-endian magnitude, without a leading zero byte
  bool operator==(const CertificateId&) const = default;
};

/// True when the certificate with this serial, of the issuer with this key identifier, is revoked. Called within
/// handshakes, on any loop; must be quick and thread-safe.
using RevocationCheck = std::function<bool(ByteView issuer_key_id, ByteView serial)>;

}  // namespace p2p::pki
