// Who signed a membership record: signing with the node's own key, and checking a record of another node against the
// certificate that lies beside it (DESIGN.md section 9). Which bytes are signed is membership's affair.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "pki/certificate_id.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

/// What the certificate of a valid record says.
struct RecordAuthor {
  Identity identity;
  crypto::Sha256 certificate_sha256{};
  CertificateId certificate;  ///< by which its revocation is looked up
  WallTime not_before{}, not_after{};
};

/// Signs with one node's certificate key, parsed once. Any thread; cheap to copy.
class RecordSigner {
 public:
  /// `damaged` when the key does not belong to the certificate; `unsupported` when its type cannot sign.
  static Result<RecordSigner> make(std::string_view certificate_pem, std::string_view key_pem);

  /// The algorithm follows from the key: crypto/signature.hpp.
  Result<Bytes> sign(ByteView message) const;
  const Bytes& certificate_der() const noexcept { return *certificate_der_; }
  /// As RecordVerifier would answer it.
  const RecordAuthor& author() const noexcept { return author_; }
  /// For what is signed in another form.
  const EVP_PKEY& key() const noexcept { return *key_; }

 private:
  RecordSigner() = default;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<const Bytes> certificate_der_;
  RecordAuthor author_;
};

/// Checks records of other nodes. Any thread; cheap to copy.
class RecordVerifier {
 public:
  RecordVerifier(Roots roots, std::string cluster_name);

  /// Checks the chain, the dates, that the certificate is a node's of this cluster, and the signature; then the caller
  /// compares the identity with what the record claims. `damaged` when the certificate or the signature is not good,
  /// `not_permitted` for another cluster's or an operator's certificate.
  Result<RecordAuthor> verify(ByteView certificate_der, ByteView message, ByteView signature, WallTime now) const;

 private:
  Roots roots_;
  std::string cluster_name_;
};

}  // namespace p2p::pki
