// `certs.*`: what the CA in this home has signed, and taking it back, for those who run the fleet from afar.
#pragma once

#include <functional>
#include <memory>

#include "net/blocking_pool.hpp"
#include "pki/fleet_trust.hpp"
#include "pki/issuing_authority.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

struct CertificateAccess {
  std::shared_ptr<pki::IssuingAuthority> authority;
  std::string node_id;  ///< who acts, for the inventory, together with the caller
  /// How far the nodes are with a rotation, from any loop.
  std::function<boost::asio::awaitable<pki::FleetTrust>()> fleet_trust;
  /// Both outlive the service.
  net::BlockingPool& pool;
  const Clock& clock;
};

/// `certs.list` {all, revoked}: an array as of pki::describe(RecordedCertificate).
/// `certs.revoke` {target, reason}: what is revoked now, likewise; a name, or a serial number or its beginning.
/// `certs.rotation`: {roots: [as of pki::describe(Certificate), with key_id and signs], nodes: as in fleet_trust.hpp}.
rpc::Service certificate_service(CertificateAccess access);

}  // namespace p2p::node
