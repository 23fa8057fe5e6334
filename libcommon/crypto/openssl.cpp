#include "crypto/openssl.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace p2p::crypto {

void OpensslDeleter::operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
void OpensslDeleter::operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
void OpensslDeleter::operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
void OpensslDeleter::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
void OpensslDeleter::operator()(PKCS12* bundle) const noexcept { PKCS12_free(bundle); }
void OpensslDeleter::operator()(X509* certificate) const noexcept { X509_free(certificate); }
void OpensslDeleter::operator()(X509_CRL* list) const noexcept { X509_CRL_free(list); }
void OpensslDeleter::operator()(X509_REQ* request) const noexcept { X509_REQ_free(request); }
void OpensslDeleter::operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
void OpensslDeleter::operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }

Error openssl_error(Errc kind, const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_get_error());
  Error out(kind, reason != nullptr ? fmt::format("{} ({})", what, reason) : what);
  ERR_clear_error();
  return out;
}

}  // namespace p2p::crypto
