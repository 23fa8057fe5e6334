// Membership's signatures by OpenSSL: the certificate key of this node signs, the fleet's roots verify.
#pragma once

#include "membership/signing.hpp"
#include "pki/record_signing.hpp"

namespace p2p::membership {

class CertificateSigner final : public RecordSigner {
 public:
  explicit CertificateSigner(pki::RecordSigner keys) : keys_(std::move(keys)) {}
  /// After a renewal; then call Membership::certificate_changed.
  void replace(pki::RecordSigner keys) { keys_ = std::move(keys); }

  Result<Bytes> sign(ByteView text) override { return keys_.sign(text); }
  Bytes certificate() const override { return keys_.certificate_der(); }
  SignerCertificate certificate_facts() const override;
  const pki::RecordSigner& keys() const noexcept { return keys_; }

 private:
  pki::RecordSigner keys_;
};

class CertificateVerifier final : public RecordVerifier {
 public:
  explicit CertificateVerifier(pki::RecordVerifier verifier) : verifier_(std::move(verifier)) {}
  /// After a change of the roots; then call Membership::recheck.
  void replace(pki::RecordVerifier verifier) { verifier_ = std::move(verifier); }
  /// Asked for each signer's certificate from now on; then call Membership::recheck.
  void set_revocation_check(pki::RevocationCheck is_revoked) { is_revoked_ = std::move(is_revoked); }

  Result<VerifiedSigner> verify(ByteView text, ByteView signature, ByteView certificate, WallTime now) override;

 private:
  pki::RecordVerifier verifier_;
  pki::RevocationCheck is_revoked_;  ///< may be empty
};

}  // namespace p2p::membership
