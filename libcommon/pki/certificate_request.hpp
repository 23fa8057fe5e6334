// Requests for certificates (PKCS#10, RFC 2986): a key and the names that someone wants for it. What a request says is
// never copied into a certificate; the authority compares it with what it was told to sign.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/openssl.hpp"
#include "pki/subject_name.hpp"

namespace p2p::pki {

/// A request in PEM or DER is never larger; readers refuse more.
inline constexpr std::size_t kMaxRequestBytes = 32 * 1024;
inline constexpr std::size_t kMaxRequestedNames = 100;

class CertificateRequest {
 public:
  /// The first request of the text; `name` begins the error's text. `damaged` when it does not parse or its signature
  /// is not of its own key; `unsupported` for a key that certificates here never have; `not_permitted` when it asks to
  /// be a CA or for a kind of name that nobody gets; `too_large` past the limits.
  static Result<CertificateRequest> from_pem(std::string_view pem, const std::string& name);
  /// Exactly one request, no bytes after it.
  static Result<CertificateRequest> from_der(ByteView der);

  /// Empty when there is none.
  const std::string& common_name() const noexcept { return common_name_; }
  /// The alternative names: DNS names and addresses, as text and in order. DNS names may be anything.
  const std::vector<SubjectName>& names() const noexcept { return names_; }
  const std::vector<std::string>& uris() const noexcept { return uris_; }
  /// The key that the certificate is wanted for.
  const EVP_PKEY& public_key() const noexcept;

 private:
  explicit CertificateRequest(crypto::RequestPtr request) : request_(std::move(request)) {}
  static Result<CertificateRequest> from_request(crypto::RequestPtr request);
  Result<void> read_extensions();

  crypto::RequestPtr request_;
  std::string common_name_;
  std::vector<SubjectName> names_;
  std::vector<std::string> uris_;
};

/// A request in PEM, signed with `key`: the common name, and as alternative names `names` (none: no such extension).
Result<std::string> make_request(const std::string& common_name, const std::vector<SubjectName>& names,
                                 const EVP_PKEY& key);
/// The same in DER.
Result<Bytes> make_request_der(const std::string& common_name, const std::vector<SubjectName>& names,
                               const EVP_PKEY& key);

}  // namespace p2p::pki
