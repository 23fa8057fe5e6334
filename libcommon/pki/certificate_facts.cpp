#include "pki/certificate_facts.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <bit>

#include "crypto/key.hpp"
#include "crypto/x509.hpp"
#include "pki/x509_parts.hpp"

namespace p2p::pki {
namespace {

/// One line in the form of RFC 2253; UTF-8 stays readable.
std::string name_text(const X509_NAME* name) {
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<void> read_names(const X509& certificate, CertificateFacts& out) {
  int outcome = 0;
  const Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, &outcome, nullptr)));
  if (!names) {
    if (outcome == -1) return {};  // none; -2 is twice, anything else does not decode
    return crypto::openssl_error(Errc::damaged, "alternative names that cannot be read");
  }
  auto read = read_alternative_names(*names);
  if (!read) return read.error();
  out.dns_names = std::move(read->dns_names);
  out.ip_addresses = std::move(read->ip_addresses);
  out.uris = std::move(read->uris);
  return {};
}

/// True when it is one of those that are made here: a permitted subtree of DNS names or range of addresses.
bool read_subtree(const GENERAL_SUBTREE& subtree, NameConstraints& out) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(subtree.base, &type));
  const ByteView bytes = bytes_of(value);
  if (type == GEN_DNS) {
    auto name = parse_subtree(as_text(bytes));
    if (name) out.dns_subtrees.push_back(std::move(*name));
    return name.has_value();
  }
  if (type != GEN_IPADD || (bytes.size() != 8 && bytes.size() != 32)) return false;
  const std::size_t half = bytes.size() / 2;
  AddressRange range{{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half)}, 0};
  for (const std::uint8_t byte : bytes.subspan(half)) range.prefix_bits += std::popcount(byte);
  // A mask with holes has another text than its count of bits says, and contains less.
  const ByteView mask = bytes.subspan(half);
  for (int bit = 0; bit < range.prefix_bits; ++bit) {
    if ((mask[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) == 0) return false;
  }
  out.address_ranges.push_back(std::move(range));
  return true;
}

Result<void> read_constraints(const X509& certificate, CertificateFacts& out) {
  int outcome = 0;
  const Owned<NAME_CONSTRAINTS> constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(&certificate, NID_name_constraints, &outcome, nullptr)));
  if (!constraints) {
    if (outcome == -1) return {};
    return crypto::openssl_error(Errc::damaged, "name constraints that cannot be read");
  }
  out.has_other_constraints = sk_GENERAL_SUBTREE_num(constraints->excludedSubtrees) > 0;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); ++i) {
    if (!read_subtree(*sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i), out.permitted)) {
      out.has_other_constraints = true;
    }
  }
  return {};
}

std::string key_text(const EVP_PKEY& key) {
  if (const auto type = crypto::type_of(key)) return std::string(crypto::to_string(*type));
  const char* name = EVP_PKEY_get0_type_name(&key);
  return fmt::format("{} ({} bits)", name != nullptr ? name : "unknown", EVP_PKEY_get_bits(&key));
}

}  // namespace

Result<CertificateFacts> read_facts(X509& certificate) {
  CertificateFacts out;
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  const std::uint32_t flags = X509_get_extension_flags(&certificate);
  if (key == nullptr) return crypto::openssl_error(Errc::damaged, "a public key that cannot be read");
  if ((flags & EXFLAG_INVALID) != 0) return crypto::openssl_error(Errc::damaged, "extensions that cannot be read");
  auto common_name = common_name_of(X509_get_subject_name(&certificate));
  const auto not_before = crypto::to_wall_time(X509_get0_notBefore(&certificate));
  const auto not_after = crypto::to_wall_time(X509_get0_notAfter(&certificate));
  if (!common_name) return common_name.error();
  if (!not_before) return not_before.error();
  if (!not_after) return not_after.error();
  if (auto read = read_names(certificate, out); !read) return read.error();
  if (auto read = read_constraints(certificate, out); !read) return read.error();
  out.common_name = std::move(*common_name);
  out.subject = name_text(X509_get_subject_name(&certificate));
  out.issuer = name_text(X509_get_issuer_name(&certificate));
  out.serial = copy_of(X509_get0_serialNumber(&certificate));
  out.issuer_key_id = copy_of(X509_get0_authority_key_id(&certificate));
  out.subject_key_id = copy_of(X509_get0_subject_key_id(&certificate));
  out.sha256 = crypto::sha256(crypto::certificate_der(certificate));
  out.not_before = *not_before;
  out.not_after = *not_after;
  out.key_type = key_text(*key);
  out.is_ca = (flags & EXFLAG_CA) != 0;
  if ((flags & EXFLAG_XKUSAGE) != 0) {
    const std::uint32_t usage = X509_get_extended_key_usage(&certificate);
    out.for_servers = (usage & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
    out.for_clients = (usage & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
  }
  ERR_clear_error();
  return out;
}

}  // namespace p2p::pki
