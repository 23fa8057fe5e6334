// What is behind TlsContexts. For the TLS files of this folder alone.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/tls.hpp"
#include "pki/identity.hpp"

namespace p2p::net {

template <auto Free>
struct OpenSslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, OpenSslDeleter<SSL_CTX_free>>;
using CertificatePtr = std::unique_ptr<X509, OpenSslDeleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDeleter<EVP_PKEY_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpenSslDeleter<X509_STORE_free>>;

/// The current check for revoked certificates, shared by all states of one TlsContexts.
class RevocationSlot {
 public:
  void set(pki::RevocationCheck check) {
    const std::lock_guard lock(mutex_);
    check_ = std::make_shared<const pki::RevocationCheck>(std::move(check));
  }
  bool is_revoked(const X509* certificate) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const pki::RevocationCheck> check_;
};

struct TlsContexts::State {
  SslContextPtr server;  ///< null without an own certificate
  SslContextPtr web;     ///< null: the node's own certificate is shown to all
  SslContextPtr client;  ///< null: plain()
  std::string cluster_name;
  bool has_certificate = false;
  bool request_all_client_certificates = false;
  std::shared_ptr<RevocationSlot> revocation;
};

/// The one identity URI of a certificate of `cluster_name`; `invalid` says what is wrong with it.
Result<pki::Identity> identity_of(const X509* certificate, const std::string& cluster_name);

pki::CertificateId id_of(const X509* certificate);

/// The common name, safe to print.
std::string subject_of(const X509* certificate);

/// Leaf and chain, or roots.
Result<std::vector<CertificatePtr>> read_certificates(const std::string& pem, const std::string& what);
Result<KeyPtr> read_key(const std::string& pem, const std::string& what);

/// With the suites, versions and modes that all connections share; it trusts nobody yet.
Result<SslContextPtr> new_context(const SSL_METHOD* method);
/// These roots and nothing of the system; `invalid` when one is not an authority's.
Result<StorePtr> make_store(const std::vector<CertificatePtr>& roots);

/// Installs what tls_session.cpp decides during handshakes.
void install_server_callbacks(SSL_CTX* context);
void install_client_callbacks(SSL_CTX* context);

}  // namespace p2p::net
