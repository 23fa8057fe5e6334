// Membership's signatures by OpenSSL: the certificate key of this node signs, the fleet's roots verify.
#pragma once

#include <functional>
#include <optional>

#include "membership/signing.hpp"
#include "pki/record_signing.hpp"

namespace p2p::membership {

/// True when the certificate with this issuer key id and serial has been revoked.
using RevocationCheck = std::function<bool(ByteView issuer_key_id, ByteView serial)>;

class CertificateSigner final : public RecordSigner {
 public:
  explicit CertificateSigner(pki::RecordSigner keys) : keys_(std::move(keys)) {}
  /// After a renewal; then call Membership::certificate_changed.
  void replace(pki::RecordSigner keys) { keys_ = std::move(keys); }

  Result<Bytes> sign(ByteView text) override { return keys_.sign(text); }
  Bytes certificate() const override { return keys_.certificate_der(); }

 private:
  pki::RecordSigner keys_;
};

class CertificateVerifier final : public RecordVerifier {
 public:
  /// `is_revoked` may be empty.
  CertificateVerifier(pki::RecordVerifier verifier, RevocationCheck is_revoked)
      : verifier_(std::move(verifier)), is_revoked_(std::move(is_revoked)) {}
  /// After a change of the roots; then call RecordChecker::forget_all and Membership::recheck.
  void replace(pki::RecordVerifier verifier) { verifier_ = std::move(verifier); }

  Result<VerifiedSigner> verify(ByteView text, ByteView signature, ByteView certificate, WallTime now) override;

 private:
  pki::RecordVerifier verifier_;
  RevocationCheck is_revoked_;
};

}  // namespace p2p::membership
