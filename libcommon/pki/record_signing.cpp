#include "pki/record_signing.hpp"

#include <fmt/format.h>

#include "crypto/key.hpp"
#include "crypto/signature.hpp"

namespace p2p::pki {
namespace {

/// A certificate of a node is under 2 KiB with an RSA key; what arrives larger is not parsed.
constexpr std::size_t kMaxCertificateDerBytes = 16 * 1024;

RecordAuthor author_of(Identity identity, const CertificateFacts& facts) {
  return {std::move(identity), facts.sha256, {facts.issuer_key_id, facts.serial}, facts.not_before, facts.not_after};
}

}  // namespace

Result<RecordSigner> RecordSigner::make(std::string_view certificate_pem, std::string_view key_pem) {
  auto certificate = Certificate::from_pem(certificate_pem, "the node's certificate");
  if (!certificate) return certificate.error();
  auto key = crypto::read_private_key(key_pem, "the node's key");
  if (!key) return key.error();
  if (!crypto::same_key(certificate->public_key(), **key)) {
    return Error(Errc::damaged, "the node's key does not belong to its certificate");
  }
  if (!crypto::type_of(**key)) return Error(Errc::unsupported, "the node's key is of a type that cannot sign records");
  auto identity = certificate->identity();
  if (!identity) return identity.error();
  RecordSigner out;
  out.key_ = std::move(*key);
  out.certificate_der_ = std::make_shared<const Bytes>(certificate->der());
  out.author_ = author_of(std::move(*identity), certificate->facts());
  return out;
}

Result<Bytes> RecordSigner::sign(ByteView message) const { return crypto::sign(*key_, message); }

RecordVerifier::RecordVerifier(Roots roots, std::string cluster_name)
    : roots_(std::move(roots)), cluster_name_(std::move(cluster_name)) {}

Result<RecordAuthor> RecordVerifier::verify(ByteView certificate_der, ByteView message, ByteView signature,
                                            WallTime now) const {
  if (certificate_der.size() > kMaxCertificateDerBytes) {
    return Error(Errc::too_large, fmt::format("a certificate of more than {} bytes", kMaxCertificateDerBytes));
  }
  const auto certificate = Certificate::from_der(certificate_der);
  if (!certificate) return certificate.error();
  auto identity = certificate->identity();
  if (!identity) return Error(Errc::damaged, identity.error().context);
  if (identity->cluster_name != cluster_name_ || identity->role == Role::operator_) {
    return Error(Errc::not_permitted, fmt::format("{} is not a node of cluster {}", identity->uri(), cluster_name_));
  }
  if (auto chain = roots_.verify(*certificate, Purpose::server, now); !chain) {
    return Error(chain.error().code, fmt::format("{}: {}", identity->uri(), chain.error().context));
  }
  if (auto good = crypto::verify(certificate->public_key(), message, signature); !good) {
    return Error(good.error().code, fmt::format("{}: {}", identity->uri(), good.error().context));
  }
  return author_of(std::move(*identity), certificate->facts());
}

}  // namespace p2p::pki
