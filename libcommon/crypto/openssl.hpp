// Who owns an OpenSSL object: unique pointers with one deleter. Only OpenSSL's list of type names is included here.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "base/error.hpp"

// Not among the names in openssl/types.h.
struct PKCS12_st;
struct X509_req_st;

namespace p2p::crypto {

struct OpensslDeleter {
  void operator()(BIO* bio) const noexcept;  ///< a memory BIO's content is wiped only if it was made with BIO_s_secmem
  void operator()(EVP_CIPHER_CTX* context) const noexcept;
  void operator()(EVP_MD_CTX* context) const noexcept;
  void operator()(EVP_PKEY* key) const noexcept;
  void operator()(PKCS12_st* bundle) const noexcept;
  void operator()(X509* certificate) const noexcept;
  void operator()(X509_CRL* list) const noexcept;
  void operator()(X509_req_st* request) const noexcept;
  void operator()(X509_STORE* store) const noexcept;
  void operator()(X509_STORE_CTX* context) const noexcept;
};

using BioPtr = std::unique_ptr<BIO, OpensslDeleter>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslDeleter>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslDeleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter>;
using Pkcs12Ptr = std::unique_ptr<PKCS12_st, OpensslDeleter>;
using X509Ptr = std::unique_ptr<X509, OpensslDeleter>;
using CrlPtr = std::unique_ptr<X509_CRL, OpensslDeleter>;
using RequestPtr = std::unique_ptr<X509_req_st, OpensslDeleter>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslDeleter>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslDeleter>;

/// `what (reason)`, with the reason of the oldest entry in this thread's OpenSSL error queue, which is then empty.
Error openssl_error(Errc kind, const std::string& what);

}  // namespace p2p::crypto
