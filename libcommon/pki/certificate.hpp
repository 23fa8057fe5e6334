// A certificate and what it says.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"
#include "pki/identity.hpp"
#include "pki/name_constraints.hpp"

namespace p2p::pki {

/// A file of certificates is never larger; readers refuse more.
inline constexpr std::size_t kMaxCertificatePemBytes = 256 * 1024;

/// What is read from a certificate once. All text is as in the certificate: escape it before a terminal sees it.
struct CertificateFacts {
  std::string common_name;  ///< empty when there is none
  std::string subject;      ///< RFC 2253
  std::string issuer;
  Bytes serial;          ///< big-endian magnitude, without a leading zero byte
  Bytes issuer_key_id;   ///< authority key identifier; empty when absent
  Bytes subject_key_id;  ///< empty when absent
  crypto::Sha256 sha256{};
  /// Dates outside the range of WallTime are cut to it.
  WallTime not_before{};
  WallTime not_after{};
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  ///< text
  std::vector<std::string> uris;
  std::string key_type;  ///< as crypto::to_string, or what OpenSSL calls any other
  bool is_ca = false;
  /// Whether the extended key usage allows TLS servers and clients; both when the extension is absent.
  bool for_servers = true;
  bool for_clients = true;
  NameConstraints permitted{};  ///< what a CA may sign
  /// A CA's name constraints have parts that `permitted` does not show.
  bool has_other_constraints = false;
};

/// An X.509 certificate; immutable, cheap to copy, any thread.
class Certificate {
 public:
  /// The first certificate of the text; `name` begins the error's text. `damaged` when it does not parse.
  static Result<Certificate> from_pem(std::string_view pem, const std::string& name);
  static Result<Certificate> from_der(ByteView der);
  /// Takes a reference of its own (a peer's certificate in a TLS session).
  static Result<Certificate> from_x509(X509& certificate);
  static Result<Certificate> from_x509(crypto::X509Ptr certificate);

  const CertificateFacts& facts() const& noexcept { return *facts_; }
  const CertificateFacts& facts() const&& = delete;  // would outlive its owner
  /// Whom it speaks for: its URI, which must be the only one. `invalid` for none, several, or one of another form.
  Result<Identity> identity() const;

  /// The certificate's key, for crypto::verify and crypto::same_key.
  const EVP_PKEY& public_key() const noexcept;
  X509& x509() const noexcept { return *x509_; }
  std::string pem() const;
  Bytes der() const;

 private:
  Certificate(std::shared_ptr<X509> x509, std::shared_ptr<const CertificateFacts> facts)
      : x509_(std::move(x509)), facts_(std::move(facts)) {}
  std::shared_ptr<X509> x509_;
  std::shared_ptr<const CertificateFacts> facts_;
};

/// Every certificate of the text, in order; `damaged` when there is none, `too_large` past 100.
Result<std::vector<Certificate>> read_all_certificates(std::string_view pem, const std::string& name);

}  // namespace p2p::pki
