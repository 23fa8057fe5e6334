#include "pki/certificate_builder.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/bytes.hpp"
#include "base/system_random.hpp"
#include "crypto/key.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kSerialBytes = 20;
constexpr std::size_t kMaxCommonName = 64;

struct ExtensionDeleter {
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(GENERAL_NAME* name) const noexcept { GENERAL_NAME_free(name); }
  void operator()(ASN1_STRING* text) const noexcept { ASN1_STRING_free(text); }
};
template <class T>
using Owned = std::unique_ptr<T, ExtensionDeleter>;

/// RFC 5280 section 4.1.2.2: positive, at most 20 octets. The second-highest bit keeps it at exactly 20.
bool set_serial(X509* certificate) {
  Bytes bytes = random_bytes(kSerialBytes);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7F) | 0x40);
  return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes.data(), static_cast<int>(bytes.size())) == 1;
}

bool set_dates(X509* certificate, WallTime from, WallTime to) {
  const auto seconds = [](WallTime time) {
    return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(to)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& common_name) {
  const std::string_view cut = std::string_view(common_name).substr(0, kMaxCommonName);
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(cut.data()), static_cast<int>(cut.size()),
                                    -1, 0) == 1;
}

/// Adds one name; the list owns it.
bool add_name(GENERAL_NAMES* names, int type, std::string_view bytes) {
  Owned<GENERAL_NAME> name(GENERAL_NAME_new());
  Owned<ASN1_STRING> value(ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
  if (!name || !value || ASN1_STRING_set(value.get(), bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  GENERAL_NAME_set0_value(name.get(), type, value.release());
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  name.release();
  return true;
}

bool add_names(X509* certificate, const CertificateFields& fields) {
  const Owned<GENERAL_NAMES> names(GENERAL_NAMES_new());
  if (!names) return false;
  for (const auto& name : fields.names) {
    if (name.kind == SubjectName::Kind::dns) {
      if (!add_name(names.get(), GEN_DNS, name.text)) return false;
      continue;
    }
    const auto address = ip_to_bytes(name.text);
    if (!address || !add_name(names.get(), GEN_IPADD, as_text(*address))) return false;
  }
  return add_name(names.get(), GEN_URI, fields.uri) &&
         X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
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
         add_names(certificate, fields);
}

}  // namespace

Result<crypto::X509Ptr> build_certificate(const CertificateFields& fields, const EVP_PKEY& subject_key, X509* issuer,
                                          const EVP_PKEY& issuer_key) {
  crypto::X509Ptr certificate(X509_new());
  // OpenSSL takes keys without const, but only counts references to them.
  auto* const subject = const_cast<EVP_PKEY*>(&subject_key);
  auto* const signer = const_cast<EVP_PKEY*>(&issuer_key);
  X509* const parent = issuer != nullptr ? issuer : certificate.get();
  const EVP_MD* const digest = crypto::type_of(issuer_key) == crypto::KeyType::ed25519 ? nullptr : EVP_sha256();
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !set_serial(certificate.get()) ||
      !set_dates(certificate.get(), fields.not_before, fields.not_after) ||
      !set_subject(certificate.get(), fields.common_name) ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent)) != 1 ||
      X509_set_pubkey(certificate.get(), subject) != 1 || !add_extensions(certificate.get(), parent, fields) ||
      X509_sign(certificate.get(), signer, digest) == 0) {
    return crypto::openssl_error(Errc::failed, "cannot make the certificate of \"" + fields.common_name + "\"");
  }
  return certificate;
}

}  // namespace p2p::pki
