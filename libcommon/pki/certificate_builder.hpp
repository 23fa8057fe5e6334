// Puts a certificate together field by field; what goes into it is decided in authority.cpp.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/openssl.hpp"
#include "pki/name_constraints.hpp"

namespace p2p::pki {

struct CertificateFields {
  std::string common_name;  ///< cut to 64 bytes (RFC 5280 appendix A, ub-common-name); empty: no subject
  std::vector<SubjectName> names;
  std::string uri{};            ///< empty: none
  NameConstraints permitted{};  ///< of a CA
  WallTime not_before{};
  WallTime not_after{};
  /// In OpenSSL's configuration syntax; constants of the caller, never input.
  const char* basic_constraints = nullptr;
  const char* key_usage = nullptr;
  const char* extended_key_usage = nullptr;  ///< none: no such extension
};

/// Signs with `issuer_key`; `issuer` none makes it self-signed. The serial is 20 random bytes, positive. SHA-256, or
/// Ed25519's own digest.
Result<crypto::X509Ptr> build_certificate(const CertificateFields& fields, const EVP_PKEY& subject_key, X509* issuer,
                                          const EVP_PKEY& issuer_key);

}  // namespace p2p::pki
