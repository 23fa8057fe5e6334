#include "membership/record_crypto.hpp"

namespace p2p::membership {
namespace {

SignerCertificate facts_of(const pki::RecordAuthor& author) {
  return {author.certificate, author.not_before, author.not_after};
}

}  // namespace

SignerCertificate CertificateSigner::certificate_facts() const { return facts_of(keys_.author()); }

Result<VerifiedSigner> CertificateVerifier::verify(ByteView text, ByteView signature, ByteView certificate,
                                                   WallTime now) {
  auto author = verifier_.verify(certificate, text, signature, now);
  if (!author) return author.error();
  if (is_revoked_ && is_revoked_(author->certificate.issuer_key_id, author->certificate.serial)) {
    return Error(Errc::not_permitted, "the certificate of \"" + author->identity.name + "\" has been revoked");
  }
  return VerifiedSigner{author->identity, author->certificate_sha256, facts_of(*author)};
}

}  // namespace p2p::membership
