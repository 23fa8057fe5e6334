// One TLS connection: made from the contexts, and its peer judged.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/client.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"
#include "pki/identity.hpp"

namespace p2p::net {

/// For the server's side. Keeps `state` alive.
SslPtr make_server_ssl(const std::shared_ptr<const TlsContexts::State>& state);
/// For the client's. The peer's certificate is judged against `peer` within the handshake, before the own certificate
/// or any byte of a request is sent; naming neither node nor role means a coordinator.
SslPtr make_client_ssl(const std::shared_ptr<const TlsContexts::State>& state, const ExpectedPeer& peer,
                       const std::string& host);

/// Who the other side is.
struct TlsPeer {
  std::optional<pki::Identity> identity;          ///< none: it showed no certificate
  std::optional<pki::CertificateId> certificate;  ///< likewise
  WallTime ends_at = WallTime::max();             ///< when that certificate does
  bool over_p2p = false;                          ///< `p2p/1` was negotiated
};
/// After the handshake: `unreachable` unless what was negotiated and what was shown fit together (DESIGN.md section 5),
/// and when the certificate was revoked during the handshake. From here on it is the owner's to drop.
Result<TlsPeer> tls_peer(SSL* ssl);
/// Why the peer's certificate was refused during the handshake; empty when it was not.
std::string tls_refusal(SSL* ssl);
/// Who it was, where another member of the fleet was expected.
std::optional<pki::Identity> unexpected_peer(SSL* ssl);

}  // namespace p2p::net
