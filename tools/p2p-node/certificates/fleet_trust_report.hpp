// While the CA has two roots, a coordinator that has the CA in its home writes down how far each node is with the
// rotation, for `p2p-ca rotate` to go by.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>

#include "base/log_sink.hpp"
#include "membership/membership.hpp"
#include "net/blocking_pool.hpp"
#include "node_identity.hpp"
#include "pki/fleet_trust.hpp"

namespace p2p::node {

/// Every node that is known, also one that has left: it will be back. Of one that announces no roots, the root that
/// signed its certificate.
pki::FleetTrust fleet_trust_of(const membership::Registry& registry, WallTime now);

/// Control loop; the file is written in the pool.
class FleetTrustReport {
 public:
  /// References must outlive it.
  FleetTrustReport(std::filesystem::path file, const NodeIdentity& identity, const membership::Membership& membership,
                   net::BlockingPool& pool, const Clock& clock, LogSink& log);

  /// Looks every second and writes what changed, and the same again in time, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  const std::filesystem::path file_;
  const NodeIdentity& identity_;
  const membership::Membership& membership_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Logger log_;
};

}  // namespace p2p::node
