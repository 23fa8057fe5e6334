#include "pki/certificate_facts.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "crypto/key.hpp"
#include "crypto/x509.hpp"
#include "pki/subject_name.hpp"

namespace p2p::pki {
namespace {

struct NamesDeleter {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
using NamesPtr = std::unique_ptr<GENERAL_NAMES, NamesDeleter>;

ByteView bytes_of(const ASN1_STRING* text) {
  if (text == nullptr) return {};
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

Result<WallTime> to_wall_time(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return crypto::openssl_error(Errc::damaged, "a date that cannot be read");
  const int y = parts.tm_year + 1900;
  if (y > 2261) return WallTime::max();
  if (y < 1678) return WallTime::min();
  const year_month_day date{year{y}, month{static_cast<unsigned>(parts.tm_mon + 1)},
                            day{static_cast<unsigned>(parts.tm_mday)}};
  return WallTime{sys_days{date}} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

/// One line in the form of RFC 2253; UTF-8 stays readable.
std::string name_text(const X509_NAME* name) {
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<std::string> common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return std::string();
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return crypto::openssl_error(Errc::damaged, "a common name that cannot be read");
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

Result<void> read_name(const GENERAL_NAME& name, CertificateFacts& out) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type == GEN_IPADD) {
    auto address = ip_to_text(bytes_of(value));
    if (!address) return Error(Errc::damaged, "an IP name that is not an address");
    out.ip_addresses.push_back(std::move(*address));
    return {};
  }
  if (type != GEN_DNS && type != GEN_URI) return {};
  std::string text = to_text(bytes_of(value));
  // A NUL makes "node" of "node\0.evil.example" for whoever reads C strings.
  if (text.find('\0') != std::string::npos) return Error(Errc::damaged, "a name with a NUL in it");
  (type == GEN_DNS ? out.dns_names : out.uris).push_back(std::move(text));
  return {};
}

Result<void> read_names(const X509& certificate, CertificateFacts& out) {
  int outcome = 0;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, &outcome, nullptr)));
  if (!names) {
    if (outcome == -1) return {};  // none; -2 is twice, anything else does not decode
    return crypto::openssl_error(Errc::damaged, "alternative names that cannot be read");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (auto read = read_name(*sk_GENERAL_NAME_value(names.get(), i), out); !read) return read;
  }
  return {};
}

std::string key_text(const EVP_PKEY& key) {
  if (const auto type = crypto::type_of(key)) return std::string(crypto::to_string(*type));
  const char* name = EVP_PKEY_get0_type_name(&key);
  return fmt::format("{} ({} bits)", name != nullptr ? name : "unknown", EVP_PKEY_get_bits(&key));
}

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Result<CertificateFacts> read_facts(X509& certificate) {
  CertificateFacts out;
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  const std::uint32_t flags = X509_get_extension_flags(&certificate);
  if (key == nullptr) return crypto::openssl_error(Errc::damaged, "a public key that cannot be read");
  if ((flags & EXFLAG_INVALID) != 0) return crypto::openssl_error(Errc::damaged, "extensions that cannot be read");
  auto common_name = common_name_of(X509_get_subject_name(&certificate));
  const auto not_before = to_wall_time(X509_get0_notBefore(&certificate));
  const auto not_after = to_wall_time(X509_get0_notAfter(&certificate));
  if (!common_name) return common_name.error();
  if (!not_before) return not_before.error();
  if (!not_after) return not_after.error();
  if (auto read = read_names(certificate, out); !read) return read.error();
  out.common_name = std::move(*common_name);
  out.subject = name_text(X509_get_subject_name(&certificate));
  out.issuer = name_text(X509_get_issuer_name(&certificate));
  out.serial = copy(bytes_of(X509_get0_serialNumber(&certificate)));
  out.issuer_key_id = copy(bytes_of(X509_get0_authority_key_id(&certificate)));
  out.subject_key_id = copy(bytes_of(X509_get0_subject_key_id(&certificate)));
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
