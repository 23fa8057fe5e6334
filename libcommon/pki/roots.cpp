#include "pki/roots.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::pki {
namespace {

/// The sentence for an outcome of X509_verify_cert; `depth` 0 is the certificate itself.
std::string describe(int outcome, int depth, const Certificate& certificate, Purpose purpose) {
  const auto& facts = certificate.facts();
  switch (outcome) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return depth > 0 ? "the CA's certificate has expired" : "expired on " + format_rfc3339(facts.not_after, 0);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return depth > 0 ? "the CA's certificate is not valid yet"
                       : "not valid before " + format_rfc3339(facts.not_before, 0);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "not signed by this CA";
    case X509_V_ERR_INVALID_PURPOSE:
      return purpose == Purpose::server ? "not a certificate for servers" : "not a certificate for clients";
    default: return X509_verify_cert_error_string(outcome);
  }
}

}  // namespace

Result<Roots> Roots::from_pem(std::string_view pem, const std::string& name) {
  auto certificates = read_all_certificates(pem, name);
  if (!certificates) return certificates.error();
  crypto::StorePtr store(X509_STORE_new());
  for (const auto& certificate : *certificates) {
    if (!certificate.facts().is_ca) {
      return Error(Errc::invalid, fmt::format("{}: the certificate of \"{}\" is not a CA's", name,
                                              escape_controls(certificate.facts().common_name)));
    }
    if (!store || X509_STORE_add_cert(store.get(), &certificate.x509()) != 1) {
      return crypto::openssl_error(Errc::failed, name + ": cannot be used as a root");
    }
  }
  return Roots(std::shared_ptr<X509_STORE>(std::move(store)), std::move(*certificates));
}

Result<void> Roots::verify(const Certificate& certificate, Purpose purpose, WallTime at) const {
  const crypto::StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store_.get(), &certificate.x509(), nullptr) != 1) {
    return crypto::openssl_error(Errc::failed, "cannot begin to verify a certificate");
  }
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at)));
  X509_STORE_CTX_set_purpose(context.get(),
                             purpose == Purpose::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (good) return {};
  return Error(Errc::damaged, describe(X509_STORE_CTX_get_error(context.get()),
                                       X509_STORE_CTX_get_error_depth(context.get()), certificate, purpose));
}

const Certificate* Roots::issuer_of(const Certificate& certificate) const {
  for (const auto& root : certificates_) {
    const Bytes& key_id = certificate.facts().issuer_key_id;
    if (!key_id.empty() && key_id != root.facts().subject_key_id) continue;  // spares the signature
    auto* const key = const_cast<EVP_PKEY*>(&root.public_key());             // only counts a reference
    const bool good = X509_verify(&certificate.x509(), key) == 1;
    ERR_clear_error();
    if (good) return &root;
  }
  return nullptr;
}

}  // namespace p2p::pki
