#include "acme/issued_chain.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "crypto/key.hpp"
#include "pki/certificate.hpp"

namespace p2p::acme {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, decltype([](X509_REQ* request) { X509_REQ_free(request); })>;

bool has_name(const pki::CertificateFacts& facts, const pki::SubjectName& name) {
  const bool is_ip = name.kind == pki::SubjectName::Kind::ip;
  const auto& names = is_ip ? facts.ip_addresses : facts.dns_names;
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return lower_ascii(one) == lower_ascii(name.text); });
}

}  // namespace

Result<void> check_issued(std::string_view chain_pem, ByteView request_der,
                          const std::vector<pki::SubjectName>& names) {
  const auto chain = pki::read_all_certificates(chain_pem, "the new certificate");
  if (!chain) return chain.error();
  const std::uint8_t* at = request_der.data();
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(request_der.size())));
  const EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  if (key == nullptr) return crypto::openssl_error(Errc::invalid, "the certificate request cannot be read");
  const pki::Certificate& leaf = chain->front();
  if (!crypto::same_key(leaf.public_key(), *key)) {
    return Error(Errc::damaged, "the new certificate has another key than was asked for");
  }
  for (const auto& name : names) {
    if (!has_name(leaf.facts(), name)) {
      return Error(Errc::damaged, fmt::format("the new certificate is not for \"{}\"", escape_controls(name.text)));
    }
  }
  return {};
}

}  // namespace p2p::acme
