#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "net/stream.hpp"
#include "net/tls_state.hpp"

namespace p2p::net {
namespace {

// Forward secrecy and AEAD only; of TLS 1.3 all suites are.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kTls13Suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// A leaf, perhaps an intermediate, a root.
constexpr int kMaxChainDepth = 4;

Error failed(const std::string& what) { return Error(Errc::invalid, what + ": " + take_ssl_error("it is refused")); }

struct Credentials {
  std::vector<CertificatePtr> chain;  // the leaf first
  KeyPtr key;
};

Result<Credentials> read_credentials(const std::string& certificate, const std::string& key, const std::string& whose) {
  Credentials out;
  auto chain = read_certificates(certificate, whose + " certificate");
  if (!chain) return chain.error();
  auto private_key = read_key(key, whose + " key");
  if (!private_key) return private_key.error();
  out.chain = std::move(*chain);
  out.key = std::move(*private_key);
  if (X509_check_private_key(out.chain.front().get(), out.key.get()) != 1) {
    ERR_clear_error();
    return Error(Errc::invalid, fmt::format("{} key does not belong to {} certificate", whose, whose));
  }
  return out;
}

Result<void> use(SSL_CTX* context, const Credentials& credentials, const std::string& whose) {
  if (SSL_CTX_use_certificate(context, credentials.chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, credentials.key.get()) != 1) {
    return failed(whose + " certificate");
  }
  for (std::size_t i = 1; i < credentials.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, credentials.chain[i].get()) != 1) return failed(whose + " chain");
  }
  return {};
}

Result<void> check_own(const Credentials& own, X509_STORE* store, const std::string& cluster_name) {
  using ContextPtr = std::unique_ptr<X509_STORE_CTX, OpenSslDeleter<X509_STORE_CTX_free>>;
  X509* leaf = own.chain.front().get();
  std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })> rest(
      sk_X509_new_null());
  for (std::size_t i = 1; i < own.chain.size(); ++i) sk_X509_push(rest.get(), own.chain[i].get());
  const ContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store, leaf, rest.get());
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    return Error(Errc::invalid, fmt::format("the certificate of \"{}\" is refused: {}", subject_of(leaf),
                                            X509_verify_cert_error_string(code)));
  }
  if (auto identity = identity_of(leaf, cluster_name); !identity) return identity.error();
  return {};
}

/// What all contexts need to judge peers.
Result<void> trust(SSL_CTX* context, const std::vector<CertificatePtr>& roots) {
  auto store = make_store(roots);
  if (!store) return store.error();
  SSL_CTX_set_cert_store(context, store->release());
  for (const auto& root : roots) SSL_CTX_add_client_CA(context, root.get());
  return {};
}

Result<SslContextPtr> make_server(const Credentials& credentials, const std::vector<CertificatePtr>& roots,
                                  const std::string& whose) {
  auto context = new_context(TLS_server_method());
  if (!context) return context;
  if (auto used = use(context->get(), credentials, whose); !used) return used.error();
  if (auto trusted = trust(context->get(), roots); !trusted) return trusted.error();
  install_server_callbacks(context->get());
  return context;
}

Result<std::shared_ptr<const TlsContexts::State>> make_state(const TlsMaterial& material,
                                                             std::shared_ptr<RevocationSlot> revocation) {
  auto state = std::make_shared<TlsContexts::State>();
  state->cluster_name = material.cluster_name;
  state->request_all_client_certificates = material.request_all_client_certificates;
  state->revocation = std::move(revocation);
  const auto roots = read_certificates(material.ca, "the authority's certificate");
  if (!roots) return roots.error();
  auto client = new_context(TLS_client_method());
  if (!client) return client.error();
  if (auto trusted = trust(client->get(), *roots); !trusted) return trusted.error();
  install_client_callbacks(client->get());

  if (!material.certificate.empty()) {
    const auto own = read_credentials(material.certificate, material.private_key, "the node's");
    if (!own) return own.error();
    auto checked = check_own(*own, SSL_CTX_get_cert_store(client->get()), material.cluster_name);
    if (!checked) return checked.error();
    if (auto used = use(client->get(), *own, "the node's"); !used) return used.error();
    auto server = make_server(*own, *roots, "the node's");
    if (!server) return server.error();
    state->server = std::move(*server);
    state->has_certificate = true;
  }
  if (!material.web_certificate.empty()) {
    const auto web = read_credentials(material.web_certificate, material.web_private_key, "the web");
    if (!web) return web.error();
    auto context = make_server(*web, *roots, "the web");
    if (!context) return context.error();
    state->web = std::move(*context);
  }
  state->client = std::move(*client);
  return std::shared_ptr<const TlsContexts::State>(std::move(state));
}

}  // namespace

Result<SslContextPtr> new_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return failed("making a TLS context");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  // No resumption: a session begun without a certificate must never resume as p2p/1.
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  // Idle connections keep no 16 KiB buffers; a write goes on from wherever its text is by then. The own chain is sent
  // as it was given: OpenSSL would otherwise build, and verify, it again for each handshake.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_verify_depth(raw, kMaxChainDepth);
  if (SSL_CTX_set_cipher_list(raw, kTls12Ciphers) != 1 || SSL_CTX_set_ciphersuites(raw, kTls13Suites) != 1) {
    return failed("setting the cipher suites");
  }
  return context;
}

Result<StorePtr> make_store(const std::vector<CertificatePtr>& roots) {
  StorePtr store(X509_STORE_new());
  for (const auto& root : roots) {
    if (X509_check_ca(root.get()) == 0) {
      return Error(Errc::invalid,
                   fmt::format("the certificate of \"{}\" is not an authority's", subject_of(root.get())));
    }
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) return failed("the authority's certificate");
  }
  return store;
}

struct TlsContexts::Holder {
  mutable std::mutex mutex;  // guards only the pointer
  std::shared_ptr<const State> state;
  const std::shared_ptr<RevocationSlot> revocation = std::make_shared<RevocationSlot>();
};

TlsContexts::TlsContexts() : holder_(std::make_unique<Holder>()) {}
TlsContexts::~TlsContexts() = default;

Result<std::unique_ptr<TlsContexts>> TlsContexts::make(const TlsMaterial& material) {
  std::unique_ptr<TlsContexts> out(new TlsContexts);
  if (auto loaded = out->reload(material); !loaded) return loaded.error();
  return out;
}

std::unique_ptr<TlsContexts> TlsContexts::plain() {
  std::unique_ptr<TlsContexts> out(new TlsContexts);
  out->holder_->state = std::make_shared<State>();
  return out;
}

Result<void> TlsContexts::reload(const TlsMaterial& material) {
  auto state = make_state(material, holder_->revocation);
  if (!state) return state.error();
  const std::lock_guard lock(holder_->mutex);
  if (holder_->state && holder_->state->has_certificate && !(*state)->has_certificate) {
    return Error(Errc::invalid, "the new material has no certificate of the node");
  }
  holder_->state = std::move(*state);
  return {};
}

void TlsContexts::set_revocation_check(pki::RevocationCheck check) { holder_->revocation->set(std::move(check)); }

std::shared_ptr<const TlsContexts::State> TlsContexts::state() const {
  const std::lock_guard lock(holder_->mutex);
  return holder_->state;
}

}  // namespace p2p::net
