#include "acme/csr.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "acme/identifier.hpp"

namespace p2p::acme {
namespace {

struct Deleter {
  void operator()(X509_REQ* request) const noexcept { X509_REQ_free(request); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(BASIC_CONSTRAINTS* constraints) const noexcept { BASIC_CONSTRAINTS_free(constraints); }
  void operator()(STACK_OF(X509_EXTENSION) * extensions) const noexcept {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;
using Extensions = STACK_OF(X509_EXTENSION);

ByteView bytes_of(const ASN1_STRING& text) {
  return {ASN1_STRING_get0_data(&text), static_cast<std::size_t>(ASN1_STRING_length(&text))};
}

Result<void> add_name(const std::string& text, pki::SubjectName::Kind kind, RequestFacts& out) {
  auto name = pki::parse_subject_name(text);
  if (!name) return name.error();
  if (name->kind != kind) return Error(Errc::invalid, "an address stands where a DNS name belongs");
  if (!contains(out.names, *name)) out.names.push_back(std::move(*name));
  return {};
}

Result<void> read_alternative_name(const GENERAL_NAME& name, RequestFacts& out) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type == GEN_DNS) return add_name(p2p::to_text(bytes_of(*value)), pki::SubjectName::Kind::dns, out);
  if (type != GEN_IPADD) return Error(Errc::invalid, "an alternative name is neither a DNS name nor an IP address");
  const auto address = pki::ip_to_text(bytes_of(*value));
  if (!address) return address.error();
  return add_name(*address, pki::SubjectName::Kind::ip, out);
}

/// None or one extension of this kind; `invalid` when it is there twice or does not decode.
template <class T>
Result<Owned<T>> read_extension(const Extensions* extensions, int nid) {
  int outcome = -1;  // none
  Owned<T> out(static_cast<T*>(X509V3_get_d2i(extensions, nid, &outcome, nullptr)));
  if (!out && outcome != -1) return crypto::openssl_error(Errc::invalid, "an extension of the request cannot be read");
  return out;
}

Result<void> read_extensions(X509_REQ& request, RequestFacts& out) {
  const Owned<Extensions> extensions(X509_REQ_get_extensions(&request));
  if (!extensions) {
    ERR_clear_error();
    return {};
  }
  const auto names = read_extension<GENERAL_NAMES>(extensions.get(), NID_subject_alt_name);
  if (!names) return names.error();
  for (int i = 0; *names && i < sk_GENERAL_NAME_num(names->get()); ++i) {
    if (auto read = read_alternative_name(*sk_GENERAL_NAME_value(names->get(), i), out); !read) return read;
  }
  const auto constraints = read_extension<BASIC_CONSTRAINTS>(extensions.get(), NID_basic_constraints);
  if (!constraints) return constraints.error();
  out.is_ca_requested = *constraints && (*constraints)->ca != 0;
  return {};
}

/// It counts as a name, for clients that put it nowhere else (RFC 8555 section 7.4).
Result<void> read_common_name(X509_REQ& request, RequestFacts& out) {
  const X509_NAME* subject = X509_REQ_get_subject_name(&request);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
    return Error(Errc::invalid, "the subject has several common names");
  }
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return crypto::openssl_error(Errc::invalid, "the common name cannot be read");
  out.common_name.assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  const auto name = pki::parse_subject_name(out.common_name);
  if (!name) return name.error();
  return add_name(name->text, name->kind, out);
}

}  // namespace

Result<RequestFacts> parse_request(ByteView der) {
  ERR_clear_error();
  const unsigned char* at = der.data();
  const Owned<X509_REQ> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request) return crypto::openssl_error(Errc::invalid, "not a certificate request in DER");
  if (at != der.data() + der.size()) return Error(Errc::invalid, "bytes after the certificate request");
  RequestFacts out;
  out.public_key.reset(X509_REQ_get_pubkey(request.get()));
  if (!out.public_key) return crypto::openssl_error(Errc::invalid, "the request's public key cannot be read");
  if (X509_REQ_verify(request.get(), out.public_key.get()) != 1) {
    return crypto::openssl_error(Errc::invalid, "the request is not signed by its own key");
  }
  if (auto read = read_extensions(*request, out); !read) return read.error();
  if (auto read = read_common_name(*request, out); !read) return read.error();
  return out;
}

}  // namespace p2p::acme
