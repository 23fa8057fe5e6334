// TLS as DESIGN.md section 5 wants it: one port, and the client's ALPN offer decides whether a certificate is asked
// for.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "pki/certificate_id.hpp"

namespace p2p::net {

inline constexpr char kAlpnP2p[] = "p2p/1";

/// What the contexts are made of, as PEM text; the caller reads it from Storage.
struct TlsMaterial {
  std::string certificate;  ///< own leaf (and chain); empty for a client that has only a token
  std::string private_key;  ///< of that leaf
  std::string ca;           ///< one or more roots of this fleet
  std::string cluster_name = "p2p";
  std::string web_certificate;  ///< shown to clients that do not offer p2p/1; empty: the node's own
  std::string web_private_key;
  bool request_all_client_certificates = false;  ///< ssl_request_client_cert: all
};

/// The server's and the client's SSL_CTX, replaced whole by reload(). Thread-safe; connections keep what they began
/// with.
class TlsContexts {
 public:
  /// `invalid` names what is wrong: a PEM that does not parse, a key that does not fit, an expired or foreign
  /// certificate.
  static Result<std::unique_ptr<TlsContexts>> make(const TlsMaterial& material);
  Result<void> reload(const TlsMaterial& material);
  /// No TLS at all, for a client of a node on this machine with `https_enabled: false`; it dials loopback addresses
  /// only.
  static std::unique_ptr<TlsContexts> plain();
  /// Asked for each peer's certificate from now on; connections made before are for Server::drop_connections and
  /// Client::drop.
  void set_revocation_check(pki::RevocationCheck check);
  ~TlsContexts();

  struct State;
  std::shared_ptr<const State> state() const;

 private:
  TlsContexts();
  struct Holder;
  std::unique_ptr<Holder> holder_;
};

}  // namespace p2p::net
