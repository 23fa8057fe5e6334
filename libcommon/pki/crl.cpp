#include "pki/crl.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/text.hpp"
#include "crypto/signature.hpp"
#include "crypto/x509.hpp"
#include "pki/x509_parts.hpp"

namespace p2p::pki {
namespace {

/// A number of up to 8 bytes; RFC 5280 allows 20, but nobody counts that far.
constexpr int kMaxNumberBytes = 8;
/// Two during a rotation.
constexpr std::size_t kMaxLists = 8;

bool add_entry(X509_CRL* list, const RevokedEntry& revoked) {
  Owned<X509_REVOKED> entry(X509_REVOKED_new());
  const Owned<ASN1_STRING> serial(ASN1_INTEGER_new());
  const Owned<ASN1_STRING> date(ASN1_TIME_set(nullptr, to_seconds(revoked.at)));
  if (!entry || !serial || !date ||
      ASN1_STRING_set(serial.get(), revoked.serial.data(), static_cast<int>(revoked.serial.size())) != 1 ||
      X509_REVOKED_set_serialNumber(entry.get(), serial.get()) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), date.get()) != 1) {
    return false;
  }
  // RFC 5280 section 5.3.1: "unspecified" is said by saying nothing.
  if (revoked.reason != RevocationReason::unspecified) {
    const Owned<ASN1_STRING> reason(ASN1_ENUMERATED_new());
    if (!reason || ASN1_ENUMERATED_set(reason.get(), static_cast<long>(revoked.reason)) != 1 ||
        X509_REVOKED_add1_ext_i2d(entry.get(), NID_crl_reason, reason.get(), 0, X509V3_ADD_DEFAULT) != 1) {
      return false;
    }
  }
  if (X509_CRL_add0_revoked(list, entry.get()) != 1) return false;
  entry.release();
  return true;
}

bool set_dates(X509_CRL* list, WallTime now) {
  const Owned<ASN1_STRING> from(ASN1_TIME_set(nullptr, to_seconds(now - kBackdate)));
  const Owned<ASN1_STRING> to(ASN1_TIME_set(nullptr, to_seconds(now + kCrlLifetime)));
  return from && to && X509_CRL_set1_lastUpdate(list, from.get()) == 1 && X509_CRL_set1_nextUpdate(list, to.get()) == 1;
}

bool add_extensions(X509_CRL* list, X509& issuer, std::uint64_t number) {
  const Owned<ASN1_STRING> number_value(ASN1_INTEGER_new());
  if (!number_value || ASN1_INTEGER_set_uint64(number_value.get(), number) != 1) return false;
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, nullptr, nullptr, list, 0);
  X509V3_set_ctx_nodb(&context);
  const Owned<X509_EXTENSION> key_id(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  return key_id && X509_CRL_add_ext(list, key_id.get(), -1) == 1 &&
         X509_CRL_add1_ext_i2d(list, NID_crl_number, number_value.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

std::string pem_of(const X509_CRL& list) {
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509_CRL(bio.get(), &list) != 1) throw std::bad_alloc();
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Error damaged_list(std::string why) { return {Errc::damaged, std::move(why)}; }

Result<Bytes> read_issuer_key_id(const X509_CRL& list) {
  const Owned<AUTHORITY_KEYID> id(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(&list, NID_authority_key_identifier, nullptr, nullptr)));
  if (!id || id->keyid == nullptr) return damaged_list("no authority key identifier");
  return copy_of(id->keyid);
}

Result<std::uint64_t> read_number(const X509_CRL& list) {
  const Owned<ASN1_STRING> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(&list, NID_crl_number, nullptr, nullptr)));
  std::uint64_t out = 0;
  if (!number || ASN1_STRING_length(number.get()) > kMaxNumberBytes ||
      ASN1_INTEGER_get_uint64(&out, number.get()) != 1) {
    return damaged_list("no CRL number that can be read");
  }
  return out;
}

bool has_unknown_critical(const STACK_OF(X509_EXTENSION) * extensions) {
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    X509_EXTENSION* extension = X509v3_get_ext(extensions, i);
    if (X509_EXTENSION_get_critical(extension) == 0) continue;
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (nid != NID_authority_key_identifier && nid != NID_crl_number && nid != NID_crl_reason) return true;
  }
  return false;
}

/// What is not said, or not known here, is unspecified.
RevocationReason reason_of(const X509_REVOKED& entry) {
  const Owned<ASN1_STRING> said(
      static_cast<ASN1_STRING*>(X509_REVOKED_get_ext_d2i(&entry, NID_crl_reason, nullptr, nullptr)));
  if (!said) return RevocationReason::unspecified;
  return revocation_reason_of(static_cast<int>(ASN1_ENUMERATED_get(said.get())))
      .value_or(RevocationReason::unspecified);
}

Result<void> read_entries(X509_CRL& list, RevocationList& out) {
  const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(&list);
  const auto count = static_cast<std::size_t>(std::max(0, sk_X509_REVOKED_num(entries)));
  if (count > kMaxRevoked) return Error(Errc::too_large, fmt::format("more than {} revoked certificates", kMaxRevoked));
  out.revoked.reserve(count);
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    if (has_unknown_critical(X509_REVOKED_get0_extensions(entry))) {
      return Error(Errc::unsupported, "an entry with a critical extension that is not known");
    }
    // It is only shown: one that cannot be read must not keep the others, or this one, in use.
    const auto at = crypto::to_wall_time(X509_REVOKED_get0_revocationDate(entry));
    out.revoked.push_back(
        {copy_of(X509_REVOKED_get0_serialNumber(entry)), at.has_value() ? *at : WallTime{}, reason_of(*entry)});
  }
  std::ranges::sort(out.revoked, {}, &RevokedSerial::serial);
  return {};
}

const Certificate* find_root(const Roots& roots, const Bytes& key_id) {
  for (const auto& root : roots.certificates()) {
    if (root.facts().subject_key_id == key_id) return &root;
  }
  return nullptr;
}

Result<RevocationList> read_list(X509_CRL& list, const Roots& roots) {
  auto key_id = read_issuer_key_id(list);
  if (!key_id) return key_id.error();
  const Certificate* root = find_root(roots, *key_id);
  if (root == nullptr) return Error(Errc::not_found, "a list of another CA");
  auto* const key = const_cast<EVP_PKEY*>(&root->public_key());  // only counts a reference
  if (X509_CRL_get_version(&list) != X509_CRL_VERSION_2 ||
      X509_NAME_cmp(X509_CRL_get_issuer(&list), X509_get_subject_name(&root->x509())) != 0 ||
      X509_CRL_verify(&list, key) != 1) {
    return damaged_list("not signed by this CA");
  }
  if (has_unknown_critical(X509_CRL_get0_extensions(&list))) {
    return Error(Errc::unsupported, "a critical extension that is not known");
  }
  const auto number = read_number(list);
  if (!number) return number.error();
  const auto this_update = crypto::to_wall_time(X509_CRL_get0_lastUpdate(&list));
  if (!this_update) return this_update.error();
  const auto next_update = crypto::to_wall_time(X509_CRL_get0_nextUpdate(&list));
  if (!next_update) return next_update.error();
  RevocationList out{std::move(*key_id), *number, *this_update, *next_update, {}};
  if (auto read = read_entries(list, out); !read) return read.error();
  return out;
}

}  // namespace

Result<std::string> sign_crl(const Authority& authority, const std::vector<RevokedEntry>& revoked, std::uint64_t number,
                             WallTime now) {
  if (revoked.size() > kMaxRevoked) {
    return Error(Errc::too_large, fmt::format("more than {} revoked certificates", kMaxRevoked));
  }
  const crypto::CrlPtr list(X509_CRL_new());
  X509& issuer = authority.certificate().x509();
  auto* const key = const_cast<EVP_PKEY*>(&authority.key());
  const bool begun = list && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
                     X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(&issuer)) == 1 &&
                     set_dates(list.get(), now) && add_extensions(list.get(), issuer, number);
  if (!begun ||
      !std::all_of(revoked.begin(), revoked.end(), [&](const auto& entry) { return add_entry(list.get(), entry); }) ||
      X509_CRL_sort(list.get()) != 1 || X509_CRL_sign(list.get(), key, crypto::signing_digest(authority.key())) == 0) {
    return crypto::openssl_error(Errc::failed, "cannot sign a revocation list");
  }
  return pem_of(*list);
}

Result<std::vector<RevocationList>> read_crls(std::string_view pem, const Roots& roots, const std::string& name) {
  ERR_clear_error();
  if (pem.size() > kMaxCrlBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", name, kMaxCrlBytes));
  }
  const crypto::BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return crypto::openssl_error(Errc::failed, name);
  std::vector<RevocationList> out;
  std::size_t count = 0;
  for (;; ++count) {
    const crypto::CrlPtr list(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (!list) break;
    if (count == kMaxLists) return Error(Errc::too_large, fmt::format("{}: more than {} lists", name, kMaxLists));
    auto read = read_list(*list, roots);
    ERR_clear_error();
    if (!read && read.error().kind() == Errc::not_found) continue;
    if (!read) return Error(read.error().code, name + ": " + read.error().context);
    out.push_back(std::move(*read));
  }
  const unsigned long last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (count == 0 || !at_end) return crypto::openssl_error(Errc::damaged, name + ": no revocation list can be read");
  ERR_clear_error();
  if (out.empty()) return Error(Errc::not_found, name + ": only lists of another CA");
  return out;
}

}  // namespace p2p::pki
