#include "pki/certificate_request.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <new>

#include "crypto/key.hpp"
#include "crypto/signature.hpp"
#include "pki/x509_parts.hpp"

namespace p2p::pki {
namespace {

Error damaged(const char* why) { return {Errc::damaged, why}; }

/// The one extension of that kind; `damaged` when it is there twice or does not decode, null when it is not there.
template <class T>
Result<Owned<T>> find_extension(const STACK_OF(X509_EXTENSION) * extensions, int nid) {
  int outcome = 0;
  Owned<T> out(static_cast<T*>(X509V3_get_d2i(extensions, nid, &outcome, nullptr)));
  if (!out && outcome != -1) return crypto::openssl_error(Errc::damaged, "extensions that cannot be read");
  return out;
}

struct ConstraintsDeleter {
  void operator()(BASIC_CONSTRAINTS* constraints) const noexcept { BASIC_CONSTRAINTS_free(constraints); }
};

bool asks_for_ca(const STACK_OF(X509_EXTENSION) * extensions) {
  const std::unique_ptr<BASIC_CONSTRAINTS, ConstraintsDeleter> constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509V3_get_d2i(extensions, NID_basic_constraints, nullptr, nullptr)));
  // What does not decode is taken for the worst.
  return constraints ? constraints->ca != 0 : X509v3_get_ext_by_NID(extensions, NID_basic_constraints, -1) >= 0;
}

Error not_made(const std::string& common_name) {
  return crypto::openssl_error(Errc::failed, "cannot make the certificate request of \"" + common_name + "\"");
}

Result<crypto::RequestPtr> sign_request(const std::string& common_name, const std::vector<SubjectName>& names,
                                        const EVP_PKEY& key) {
  crypto::RequestPtr request(X509_REQ_new());
  auto* const own = const_cast<EVP_PKEY*>(&key);  // OpenSSL only counts a reference to it
  bool good = request && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
              add_common_name(X509_REQ_get_subject_name(request.get()), common_name) &&
              X509_REQ_set_pubkey(request.get(), own) == 1;
  if (good && !names.empty()) {
    const auto list = make_alternative_names(names, "");
    STACK_OF(X509_EXTENSION)* raw = nullptr;
    good = list && X509V3_add1_i2d(&raw, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) == 1;
    const Owned<STACK_OF(X509_EXTENSION)> extensions(raw);
    good = good && X509_REQ_add_extensions(request.get(), extensions.get()) == 1;
  }
  if (!good || X509_REQ_sign(request.get(), own, crypto::signing_digest(key)) == 0) return not_made(common_name);
  return request;
}

}  // namespace

const EVP_PKEY& CertificateRequest::public_key() const noexcept { return *X509_REQ_get0_pubkey(request_.get()); }

Result<CertificateRequest> CertificateRequest::from_pem(std::string_view pem, const std::string& name) {
  ERR_clear_error();
  if (pem.size() > kMaxRequestBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", name, kMaxRequestBytes));
  }
  const crypto::BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  crypto::RequestPtr request(bio ? PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!request) return crypto::openssl_error(Errc::damaged, name + ": no certificate request can be read");
  auto out = from_request(std::move(request));
  if (!out) return Error(out.error().code, name + ": " + out.error().context);
  return out;
}

Result<CertificateRequest> CertificateRequest::from_der(ByteView der) {
  ERR_clear_error();
  if (der.size() > kMaxRequestBytes) {
    return Error(Errc::too_large, fmt::format("a request larger than {} bytes", kMaxRequestBytes));
  }
  const unsigned char* at = der.data();
  crypto::RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request) return crypto::openssl_error(Errc::damaged, "not a certificate request in DER");
  if (at != der.data() + der.size()) return damaged("bytes after the certificate request");
  return from_request(std::move(request));
}

Result<CertificateRequest> CertificateRequest::from_request(crypto::RequestPtr request) {
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr) return crypto::openssl_error(Errc::damaged, "a public key that cannot be read");
  // Before the signature: a key of an absurd size makes checking it slow.
  if (!crypto::type_of(*key)) {
    return Error(Errc::unsupported, "a key of this type is not used in certificates here");
  }
  const bool own = X509_REQ_verify(request.get(), key) == 1;
  ERR_clear_error();
  if (!own) return damaged("the request is not signed with its own key");
  CertificateRequest out(std::move(request));
  auto common_name = common_name_of(X509_REQ_get_subject_name(out.request_.get()));
  if (!common_name) return common_name.error();
  out.common_name_ = std::move(*common_name);
  if (out.common_name_.find('\0') != std::string::npos) return damaged("a name with a NUL in it");
  if (auto read = out.read_extensions(); !read) return read.error();
  return out;
}

Result<void> CertificateRequest::read_extensions() {
  const Owned<STACK_OF(X509_EXTENSION)> extensions(X509_REQ_get_extensions(request_.get()));
  ERR_clear_error();
  if (!extensions) return {};
  if (asks_for_ca(extensions.get())) return Error(Errc::not_permitted, "the request asks for the certificate of a CA");
  auto list = find_extension<GENERAL_NAMES>(extensions.get(), NID_subject_alt_name);
  if (!list) return list.error();
  if (!*list) return {};
  if (sk_GENERAL_NAME_num(list->get()) > static_cast<int>(kMaxRequestedNames)) {
    return Error(Errc::too_large, fmt::format("more than {} names", kMaxRequestedNames));
  }
  auto names = read_alternative_names(**list);
  if (!names) return names.error();
  if (names->has_others)
    return Error(Errc::not_permitted, "the request asks for a name that is no DNS name, address or URI");
  for (auto& name : names->dns_names) names_.push_back({SubjectName::Kind::dns, std::move(name)});
  for (auto& name : names->ip_addresses) names_.push_back({SubjectName::Kind::ip, std::move(name)});
  uris_ = std::move(names->uris);
  return {};
}

Result<std::string> make_request(const std::string& common_name, const std::vector<SubjectName>& names,
                                 const EVP_PKEY& key) {
  const auto request = sign_request(common_name, names, key);
  if (!request) return request.error();
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509_REQ(bio.get(), request->get()) != 1) return not_made(common_name);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Result<Bytes> make_request_der(const std::string& common_name, const std::vector<SubjectName>& names,
                               const EVP_PKEY& key) {
  const auto request = sign_request(common_name, names, key);
  if (!request) return request.error();
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request->get(), &der);
  if (size <= 0) return not_made(common_name);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace p2p::pki
