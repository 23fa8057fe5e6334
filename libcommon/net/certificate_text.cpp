// Reading certificates and keys, and what a certificate says of its subject.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.hpp"
#include "net/stream.hpp"
#include "net/tls_state.hpp"

namespace p2p::net {
namespace {

using BioPtr = std::unique_ptr<BIO, OpenSslDeleter<BIO_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>>;

BioPtr open_text(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), INT_MAX))));
}

/// Never asks on the terminal.
int no_password(char*, int, int, void*) { return -1; }

ByteView bytes_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// A certificate of this fleet names its issuer's key; one that does not is nobody's and matches no entry.
ByteView issuer_key_id_of(const X509* certificate) {
  const ASN1_OCTET_STRING* issuer = X509_get0_authority_key_id(const_cast<X509*>(certificate));
  return issuer != nullptr ? bytes_of(issuer) : ByteView{};
}

}  // namespace

Result<std::vector<CertificatePtr>> read_certificates(const std::string& pem, const std::string& what) {
  const BioPtr in = open_text(pem);
  std::vector<CertificatePtr> out;
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr)) out.emplace_back(one);
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (out.empty() || ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
    return Error(Errc::invalid, what + " is not a certificate in PEM form");
  }
  return out;
}

Result<KeyPtr> read_key(const std::string& pem, const std::string& what) {
  const BioPtr in = open_text(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key) return Error(Errc::invalid, what + " is not a private key in PEM form");
  return key;
}

std::string subject_of(const X509* certificate) {
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return escape_controls(name);
}

Result<pki::Identity> identity_of(const X509* certificate, const std::string& cluster_name) {
  const std::string who = fmt::format("the certificate of \"{}\"", subject_of(certificate));
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) uris.push_back(to_text(bytes_of(name->d.uniformResourceIdentifier)));
  }
  if (uris.size() != 1) return Error(Errc::invalid, fmt::format("{} has {} identity URIs, not one", who, uris.size()));
  auto identity = pki::parse_identity_uri(uris[0]);
  if (!identity) return Error(Errc::invalid, fmt::format("{}: {}", who, identity.error().context));
  if (identity->cluster_name != cluster_name) {
    return Error(Errc::invalid,
                 fmt::format("{} is of the cluster \"{}\", not \"{}\"", who, identity->cluster_name, cluster_name));
  }
  return identity;
}

pki::CertificateId id_of(const X509* certificate) {
  const ByteView issuer = issuer_key_id_of(certificate);
  const ByteView serial = bytes_of(X509_get0_serialNumber(certificate));
  return {{issuer.begin(), issuer.end()}, {serial.begin(), serial.end()}};
}

bool RevocationSlot::is_revoked(const X509* certificate) const {
  std::shared_ptr<const pki::RevocationCheck> check;
  {
    const std::lock_guard lock(mutex_);
    check = check_;
  }
  if (!check || !*check) return false;
  return (*check)(issuer_key_id_of(certificate), bytes_of(X509_get0_serialNumber(certificate)));
}

}  // namespace p2p::net
