// What an operator does to the fleet at its coordinator: `cluster.forget` and `cluster.drain`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

#include "directory.hpp"
#include "gossip.hpp"
#include "membership/membership.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

/// References must outlive the service.
struct FleetAccess {
  std::string self_id;
  boost::asio::any_io_executor control;  ///< the loop of membership and gossip
  membership::Membership& membership;
  Gossip& gossip;
  Directory& directory;
  rpc::Forwarder& forwarder;
  const Clock& clock;
  LogSink& log;
};

/// `cluster.forget` {node}: takes a node that is dead or has left off the list; answers {node}.
/// `cluster.drain` {node, undo?}: sends the node no more calls and waits for those under way, at most until shortly
/// before the caller's deadline; answers {node, draining, calls_under_way}. A caller who hangs up meanwhile undoes it,
/// and so do `undo`, which also ends the wait with draining false, the node's leaving the list, and a restart of the
/// coordinator.
/// Both need `admin`, and leave a line in the log that says who did it.
void add_cluster_control(rpc::Service& service, const FleetAccess& access);

}  // namespace p2p::node
