#include "pki/certificate_builder.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.hpp"
#include "base/system_random.hpp"
#include "crypto/signature.hpp"
#include "pki/x509_parts.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kSerialBytes = 20;

/// RFC 5280 section 4.1.2.2: positive, at most 20 octets. The second-highest bit keeps it at exactly 20.
bool set_serial(X509* certificate) {
  Bytes bytes = random_bytes(kSerialBytes);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7F) | 0x40);
  return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes.data(), static_cast<int>(bytes.size())) == 1;
}

bool set_dates(X509* certificate, WallTime from, WallTime to) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), to_seconds(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), to_seconds(to)) != nullptr;
}

bool add_names(X509* certificate, const CertificateFields& fields) {
  if (fields.names.empty() && fields.uri.empty()) return true;
  const auto names = make_alternative_names(fields.names, fields.uri);
  // RFC 5280 section 4.2.1.6: critical when the subject is empty.
  const int critical = fields.common_name.empty() ? 1 : 0;
  return names && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical, X509V3_ADD_DEFAULT) == 1;
}

bool add_subtree(NAME_CONSTRAINTS* constraints, int type, std::string_view bytes) {
  Owned<GENERAL_SUBTREE> subtree(GENERAL_SUBTREE_new());
  auto base = make_general_name(type, bytes);
  if (!subtree || !base) return false;
  GENERAL_NAME_free(subtree->base);
  subtree->base = base.release();
  if (sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree.get()) <= 0) return false;
  subtree.release();
  return true;
}

bool add_constraints(X509* certificate, const NameConstraints& permitted) {
  if (permitted.empty()) return true;
  const Owned<NAME_CONSTRAINTS> constraints(NAME_CONSTRAINTS_new());
  if (!constraints) return false;
  constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  if (constraints->permittedSubtrees == nullptr) return false;
  for (const auto& subtree : permitted.dns_subtrees) {
    if (!add_subtree(constraints.get(), GEN_DNS, subtree)) return false;
  }
  for (const auto& range : permitted.address_ranges) {
    // The address, then as many bytes of mask.
    Bytes bytes(range.address);
    for (int left = range.prefix_bits; bytes.size() < range.address.size() * 2; left -= 8) {
      bytes.push_back(left >= 8 ? 0xFF : left <= 0 ? 0 : static_cast<std::uint8_t>(0xFF << (8 - left)));
    }
    if (!add_subtree(constraints.get(), GEN_IPADD, as_text(bytes))) return false;
  }
  return X509_add1_ext_i2d(certificate, NID_name_constraints, constraints.get(), 1, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* certificate, X509V3_CTX& context, int nid, const char* value) {
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The subject key identifier comes first: a self-signed certificate's authority key identifier is read from it.
bool add_extensions(X509* certificate, X509* issuer, const CertificateFields& fields) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  return add_extension(certificate, context, NID_basic_constraints, fields.basic_constraints) &&
         add_extension(certificate, context, NID_key_usage, fields.key_usage) &&
         (fields.extended_key_usage == nullptr ||
          add_extension(certificate, context, NID_ext_key_usage, fields.extended_key_usage)) &&
         add_extension(certificate, context, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, context, NID_authority_key_identifier, "keyid:always") &&
         add_names(certificate, fields) && add_constraints(certificate, fields.permitted);
}

}  // namespace

Result<crypto::X509Ptr> build_certificate(const CertificateFields& fields, const EVP_PKEY& subject_key, X509* issuer,
                                          const EVP_PKEY& issuer_key) {
  crypto::X509Ptr certificate(X509_new());
  // OpenSSL takes keys without const, but only counts references to them.
  auto* const subject = const_cast<EVP_PKEY*>(&subject_key);
  auto* const signer = const_cast<EVP_PKEY*>(&issuer_key);
  X509* const parent = issuer != nullptr ? issuer : certificate.get();
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !set_serial(certificate.get()) ||
      !set_dates(certificate.get(), fields.not_before, fields.not_after) ||
      (!fields.common_name.empty() && !add_common_name(X509_get_subject_name(certificate.get()), fields.common_name)) ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent)) != 1 ||
      X509_set_pubkey(certificate.get(), subject) != 1 || !add_extensions(certificate.get(), parent, fields) ||
      X509_sign(certificate.get(), signer, crypto::signing_digest(issuer_key)) == 0) {
    return crypto::openssl_error(Errc::failed, "cannot make the certificate of \"" + fields.common_name + "\"");
  }
  return certificate;
}

}  // namespace p2p::pki
