// Signatures as the pure part of membership sees them; the implementations over OpenSSL are passed in.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "membership/fingerprint.hpp"
#include "pki/certificate_id.hpp"
#include "pki/identity.hpp"

namespace p2p::membership {

/// Of the certificate whose key signed a record.
struct SignerCertificate {
  pki::CertificateId id;
  WallTime not_before{}, not_after{};
};

/// Signs with the key of this node's certificate. Called on the control loop.
class RecordSigner {
 public:
  virtual ~RecordSigner() = default;
  virtual Result<Bytes> sign(ByteView text) = 0;
  /// DER of the certificate that belongs to the key; changes when it is renewed.
  virtual Bytes certificate() const = 0;
  /// What that says.
  virtual SignerCertificate certificate_facts() const = 0;
};

/// Whom a verified signature speaks for.
struct VerifiedSigner {
  pki::Identity identity;
  Fingerprint certificate_hash{};  ///< SHA-256 of the DER
  SignerCertificate certificate{};
};

class RecordVerifier {
 public:
  virtual ~RecordVerifier() = default;
  /// Checks the certificate (chain, validity at `now`, revocation, its one URI) and the signature over `text`. Sizes
  /// are bounded by the caller. `not_permitted` for a certificate that does not hold, `damaged` for a wrong signature.
  virtual Result<VerifiedSigner> verify(ByteView text, ByteView signature, ByteView certificate, WallTime now) = 0;
};

}  // namespace p2p::membership
