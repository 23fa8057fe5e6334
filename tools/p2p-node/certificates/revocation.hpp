// What follows when certificates are revoked: handshakes refuse them, whatever is open to their owners is dropped,
// their records are forgotten, and the log says so.
#pragma once

#include "../health.hpp"
#include "membership/membership.hpp"
#include "membership/record_crypto.hpp"
#include "net/client.hpp"
#include "net/loops.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"
#include "pki/certificate_id.hpp"

namespace p2p::node {

/// Control loop.
class Revocation {
 public:
  /// All must outlive it.
  struct Parts {
    net::Loops& loops;
    net::TlsContexts& tls;
    net::Server& server;
    net::LoopLocal<net::Client>& clients;
    membership::CertificateVerifier& verifier;
    membership::Membership& membership;
    Health& health;
  };
  /// `own` is this node's certificate.
  Revocation(const Parts& parts, pki::CertificateId own, const Clock& clock, LogSink& log);

  /// These are revoked from now on; a later call replaces the set. Links and connections end within a turn of their
  /// loops. Gossip::pump afterwards.
  void apply(pki::RevocationCheck is_revoked);
  /// The node's certificate was renewed.
  void set_own(pki::CertificateId own);

 private:
  void drop_connections();
  void judge_own();

  const Parts parts_;
  pki::CertificateId own_;
  pki::RevocationCheck is_revoked_;
  const Clock& clock_;
  Logger log_;
};

}  // namespace p2p::node
