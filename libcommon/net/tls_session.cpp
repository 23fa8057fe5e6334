#include "net/tls_session.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ip/address.hpp>
#include <new>

#include "crypto/x509.hpp"
#include "net/tls_state.hpp"

namespace p2p::net {
namespace {

constexpr std::string_view kAlpnHttp = "http/1.1";

/// What is known and decided of one connection's peer; owned by its SSL.
struct Verdict {
  std::shared_ptr<const TlsContexts::State> state;
  std::optional<ExpectedPeer> expected;  // the client's side only
  bool offered_p2p = false;
  std::optional<pki::Identity> identity;
  std::optional<pki::Identity> unexpected;  // of the fleet, but not the expected one
  std::string refusal;
};

void free_verdict(void*, void* verdict, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Verdict*>(verdict); }

int verdict_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_verdict);
  return index;
}

Verdict& verdict_of(const SSL* ssl) { return *static_cast<Verdict*>(SSL_get_ex_data(ssl, verdict_index())); }

Result<void> check_expected(const pki::Identity& peer, const ExpectedPeer& wanted) {
  if (peer.role == pki::Role::operator_) {
    return Error(Errc::not_permitted, fmt::format("\"{}\" is an operator, not a node", peer.name));
  }
  if (wanted.node_id && *wanted.node_id != peer.name) {
    return Error(Errc::not_permitted, fmt::format("the peer is \"{}\", not \"{}\"", peer.name, *wanted.node_id));
  }
  const auto role = wanted.role || wanted.node_id ? wanted.role : pki::Role::coordinator;
  if (role && *role != peer.role) {
    return Error(Errc::not_permitted,
                 fmt::format("\"{}\" is a {}, not a {}", peer.name, pki::to_string(peer.role), pki::to_string(*role)));
  }
  return {};
}

std::string revoked(const pki::Identity& peer) {
  return fmt::format("the certificate of \"{}\" is revoked", peer.name);
}

Result<void> judge(const X509* leaf, Verdict& verdict) {
  auto identity = identity_of(leaf, verdict.state->cluster_name);
  if (!identity) return identity.error();
  if (verdict.state->revocation->is_revoked(leaf)) return Error(Errc::not_permitted, revoked(*identity));
  if (verdict.expected) {
    if (auto checked = check_expected(*identity, *verdict.expected); !checked) {
      verdict.unexpected = std::move(*identity);
      return checked;
    }
  }
  verdict.identity = std::move(*identity);
  return {};
}

/// Called for each certificate of the peer's chain, the leaf last.
int verify_certificate(int chain_is_good, X509_STORE_CTX* context) {
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Verdict& verdict = verdict_of(ssl);
  const X509* certificate = X509_STORE_CTX_get_current_cert(context);
  if (chain_is_good == 0) {
    const char* why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    verdict.refusal = fmt::format("the certificate of \"{}\" is refused: {}",
                                  certificate != nullptr ? subject_of(certificate) : "?", why);
    return 0;
  }
  if (X509_STORE_CTX_get_error_depth(context) > 0) return 1;
  const auto judged = judge(certificate, verdict);
  if (judged) return 1;
  verdict.refusal = judged.error().context;
  // Of this OpenSSL makes the alert that the peer is told (RFC 8446 section 6.2).
  const bool is_revoked = verdict.state->revocation->is_revoked(certificate);
  X509_STORE_CTX_set_error(context, is_revoked ? X509_V_ERR_CERT_REVOKED : X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

/// The protocol names of an ALPN list (RFC 7301 section 3.1), without its outer length.
bool offers(std::string_view list, std::string_view protocol) {
  while (!list.empty()) {
    const std::size_t size = static_cast<unsigned char>(list.front());
    if (list.substr(1, size) == protocol) return true;
    list.remove_prefix(std::min(list.size(), size + 1));
  }
  return false;
}

/// The choice of DESIGN.md section 5, made before anything is answered.
int on_client_hello(SSL* ssl, int*, void*) {
  Verdict& verdict = verdict_of(ssl);
  const unsigned char* extension = nullptr;
  std::size_t size = 0;
  constexpr std::size_t kOuterLength = 2;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &extension, &size) == 1 &&
      size > kOuterLength) {
    verdict.offered_p2p =
        offers({reinterpret_cast<const char*>(extension) + kOuterLength, size - kOuterLength}, kAlpnP2p);
  }
  if (verdict.offered_p2p) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_certificate);
  } else {
    SSL_set_verify(ssl, verdict.state->request_all_client_certificates ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                   verify_certificate);
    if (verdict.state->web) SSL_set_SSL_CTX(ssl, verdict.state->web.get());
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  const std::string_view list(reinterpret_cast<const char*>(offered), offered_size);
  const std::string_view chosen = verdict_of(ssl).offered_p2p ? std::string_view(kAlpnP2p) : kAlpnHttp;
  if (!offers(list, chosen)) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = reinterpret_cast<const unsigned char*>(chosen.data());
  *out_size = static_cast<unsigned char>(chosen.size());
  return SSL_TLSEXT_ERR_OK;
}

SslPtr make_ssl(SSL_CTX* context, Verdict verdict) {
  SslPtr ssl(SSL_new(context));
  if (!ssl) throw std::bad_alloc();
  auto owned = std::make_unique<Verdict>(std::move(verdict));
  if (SSL_set_ex_data(ssl.get(), verdict_index(), owned.get()) != 1) throw std::bad_alloc();
  owned.release();
  return ssl;
}

}  // namespace

void install_server_callbacks(SSL_CTX* context) {
  SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

void install_client_callbacks(SSL_CTX* context) { SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verify_certificate); }

SslPtr make_server_ssl(const std::shared_ptr<const TlsContexts::State>& state) {
  Verdict verdict;
  verdict.state = state;
  SslPtr ssl = make_ssl(state->server.get(), std::move(verdict));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

SslPtr make_client_ssl(const std::shared_ptr<const TlsContexts::State>& state, const ExpectedPeer& peer,
                       const std::string& host) {
  Verdict verdict;
  verdict.state = state;
  verdict.expected = peer;
  verdict.offered_p2p = state->has_certificate;
  const std::string_view protocol = state->has_certificate ? std::string_view(kAlpnP2p) : kAlpnHttp;
  SslPtr ssl = make_ssl(state->client.get(), std::move(verdict));
  std::string list(1, static_cast<char>(protocol.size()));
  list += protocol;
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned>(list.size()));
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

Result<TlsPeer> tls_peer(SSL* ssl) {
  const Verdict& verdict = verdict_of(ssl);
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  const std::string_view selected(reinterpret_cast<const char*>(name), size);
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  TlsPeer out;
  out.over_p2p = selected == kAlpnP2p;
  if (out.over_p2p != verdict.offered_p2p) return Error(Errc::unreachable, "TLS: the peer does not speak p2p/1");
  if (SSL_session_reused(ssl) != 0) return Error(Errc::unreachable, "TLS: the session was resumed");
  const bool needed = out.over_p2p || verdict.expected;
  if (certificate == nullptr) {
    if (needed) return Error(Errc::unreachable, "TLS: the peer showed no certificate");
    return out;
  }
  if (SSL_get_verify_result(ssl) != X509_V_OK || !verdict.identity) {
    return Error(Errc::unreachable, "TLS: the peer's certificate was not verified");
  }
  if (verdict.state->revocation->is_revoked(certificate))
    return Error(Errc::unreachable, "TLS: " + revoked(*verdict.identity));
  out.identity = verdict.identity;
  out.certificate = id_of(certificate);
  const auto ends_at = crypto::to_wall_time(X509_get0_notAfter(certificate));
  if (!ends_at) return Error(Errc::unreachable, "TLS: the peer's certificate has no readable end");
  out.ends_at = *ends_at;
  return out;
}

std::string tls_refusal(SSL* ssl) { return verdict_of(ssl).refusal; }
std::optional<pki::Identity> unexpected_peer(SSL* ssl) { return verdict_of(ssl).unexpected; }

}  // namespace p2p::net
