// A key and a certificate request for it, made with OpenSSL alone.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/bytes.hpp"

namespace p2p::test {

struct NewRequest {
  std::shared_ptr<EVP_PKEY> key;
  Bytes der;
};

/// `names` as OpenSSL writes them: `DNS:a.example,IP:127.0.0.1`.
inline NewRequest make_request(const std::string& names) {
  NewRequest out;
  out.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::shared_ptr<X509_REQ> request(X509_REQ_new(), X509_REQ_free);
  X509_REQ_set_pubkey(request.get(), out.key.get());
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, extension);
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_sign(request.get(), out.key.get(), EVP_sha256());
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  out.der.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace p2p::test
