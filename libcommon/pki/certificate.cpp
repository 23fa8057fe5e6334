#include "pki/certificate.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>

#include "base/text.hpp"
#include "crypto/x509.hpp"
#include "pki/certificate_facts.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kMaxCertificates = 100;

}  // namespace

Result<Certificate> Certificate::from_x509(crypto::X509Ptr certificate) {
  auto facts = read_facts(*certificate);
  if (!facts) return facts.error();
  return Certificate(std::shared_ptr<X509>(std::move(certificate)),
                     std::make_shared<const CertificateFacts>(std::move(*facts)));
}

Result<Certificate> Certificate::from_x509(X509& certificate) {
  X509_up_ref(&certificate);
  return from_x509(crypto::X509Ptr(&certificate));
}

Result<Certificate> Certificate::from_pem(std::string_view pem, const std::string& name) {
  auto all = read_all_certificates(pem, name);
  if (!all) return all.error();
  return std::move(all->front());
}

Result<Certificate> Certificate::from_der(ByteView der) {
  auto certificate = crypto::read_certificate_der(der);
  if (!certificate) return certificate.error();
  return from_x509(std::move(*certificate));
}

Result<std::vector<Certificate>> read_all_certificates(std::string_view pem, const std::string& name) {
  if (pem.size() > kMaxCertificatePemBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", name, kMaxCertificatePemBytes));
  }
  auto read = crypto::read_certificates(pem, kMaxCertificates, name);
  if (!read) return read.error();
  std::vector<Certificate> out;
  for (auto& x509 : *read) {
    auto certificate = Certificate::from_x509(std::move(x509));
    if (!certificate) return Error(certificate.error().code, name + ": " + certificate.error().context);
    out.push_back(std::move(*certificate));
  }
  return out;
}

Result<Identity> Certificate::identity() const {
  const std::string name = escape_controls(facts_->common_name);
  if (facts_->uris.size() != 1) {
    return Error(Errc::invalid, fmt::format("the certificate of \"{}\" has {} identities (URI names), not one", name,
                                            facts_->uris.size()));
  }
  return parse_identity_uri(facts_->uris.front());
}

const EVP_PKEY& Certificate::public_key() const noexcept { return *X509_get0_pubkey(x509_.get()); }
std::string Certificate::pem() const { return crypto::certificate_pem(*x509_); }
Bytes Certificate::der() const { return crypto::certificate_der(*x509_); }

}  // namespace p2p::pki
