// What `/metrics` says of this node: p2p-metrics(7) lists it. Names of services and methods are those that exist here
// or that nodes of the fleet announce, never a caller's.
#pragma once

#include "addresses/address_keeper.hpp"
#include "fleet/gossip.hpp"
#include "health.hpp"
#include "logs/log_shipper.hpp"
#include "membership/cluster_view.hpp"
#include "metrics/metrics_registry.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net/shared_reading.hpp"
#include "ratelimit/limiter.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/registry.hpp"
#include "services/service_host.hpp"

namespace p2p::node {

// Sums since the start, but for gauges; all from any thread.

/// Connections, handshakes, requests, and what was over a limit.
void write_server_metrics(metrics::MetricsWriter& out, const net::ServerCounters& server,
                          const ratelimit::Limiter& limiter);
/// Gossip, the nodes by status, and the clocks of those that are linked here.
void write_fleet_metrics(metrics::MetricsWriter& out, const GossipTraffic& traffic, const membership::ClusterView& view,
                         const Directory& directory);
/// Calls of methods here.
void write_call_metrics(metrics::MetricsWriter& out, const rpc::RegistrySnapshot& registry);
/// Calls that a coordinator passes on.
void write_forwarding_metrics(metrics::MetricsWriter& out, const rpc::Forwarder& forwarder,
                              const std::vector<rpc::Candidate>& members);
void write_service_metrics(metrics::MetricsWriter& out, const std::vector<services::ServiceView>& services);
void write_log_metrics(metrics::MetricsWriter& out, const logs::LogShipper& shipper);
/// Of this node's certificate.
void write_certificate_metrics(metrics::MetricsWriter& out, const Health& health, WallTime now);

/// The address is left out while none is announced.
void write_address_metrics(metrics::MetricsWriter& out, const ChosenAddress& chosen);

/// What the process and its host use; read in the pool.
using FiguresReading = net::SharedReading<metrics::Figures>;
/// `GET /metrics`: what `registry` collects, and the figures, which are absent where they are not to be had. Both
/// outlive the router.
void add_metrics_route(net::Router& router, const metrics::MetricsRegistry& registry, FiguresReading& figures);

}  // namespace p2p::node
