#include "membership/record_crypto.hpp"

namespace p2p::membership {

Result<VerifiedSigner> CertificateVerifier::verify(ByteView text, ByteView signature, ByteView certificate,
                                                   WallTime now) {
  auto author = verifier_.verify(certificate, text, signature, now);
  if (!author) return author.error();
  if (is_revoked_ && is_revoked_(author->issuer_key_id, author->serial)) {
    return Error(Errc::not_permitted, "the certificate of \"" + author->identity.name + "\" has been revoked");
  }
  return VerifiedSigner{std::move(author->identity), author->certificate_sha256, std::move(author->issuer_key_id)};
}

}  // namespace p2p::membership
