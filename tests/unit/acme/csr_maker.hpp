// Certificate requests for tests and benchmarks.
#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "pki/subject_name.hpp"

namespace p2p::test {

struct CsrOptions {
  std::string common_name{};
  std::string extension_name{};  ///< one more extension, in OpenSSL's configuration syntax
  std::string extension_value{};
};

namespace detail {

inline void demand(bool made) {
  if (!made) throw std::runtime_error("OpenSSL makes no request");
}

struct RequestDeleter {
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
  void operator()(STACK_OF(X509_EXTENSION) * extensions) const {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
};
using Extensions = STACK_OF(X509_EXTENSION);

inline void add(Extensions& extensions, const char* name, const std::string& value) {
  auto* extension = X509V3_EXT_conf(nullptr, nullptr, name, value.c_str());
  demand(extension != nullptr);
  sk_X509_EXTENSION_push(&extensions, extension);
}

}  // namespace detail

/// A PKCS #10 request in DER; throws when OpenSSL does not make it.
inline Bytes make_csr(const std::vector<pki::SubjectName>& names, EVP_PKEY& key, const CsrOptions& options = {}) {
  const std::unique_ptr<X509_REQ, detail::RequestDeleter> request(X509_REQ_new());
  const std::unique_ptr<detail::Extensions, detail::RequestDeleter> extensions(sk_X509_EXTENSION_new_null());
  detail::demand(request && extensions && X509_REQ_set_pubkey(request.get(), &key) == 1);
  if (!options.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  }
  std::string list;
  for (const auto& name : names) {
    list += (list.empty() ? "" : ",");
    list += (name.kind == pki::SubjectName::Kind::ip ? "IP:" : "DNS:") + name.text;
  }
  if (!list.empty()) detail::add(*extensions, "subjectAltName", list);
  if (!options.extension_name.empty())
    detail::add(*extensions, options.extension_name.c_str(), options.extension_value);
  if (sk_X509_EXTENSION_num(extensions.get()) > 0) X509_REQ_add_extensions(request.get(), extensions.get());
  detail::demand(X509_REQ_sign(request.get(), &key, EVP_sha256()) > 0);
  const int size = i2d_X509_REQ(request.get(), nullptr);
  detail::demand(size > 0);
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  i2d_X509_REQ(request.get(), &at);
  return out;
}

}  // namespace p2p::test
