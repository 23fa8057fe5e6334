// What `/metrics` says of connections, gossip and the fleet.
#pragma once

#include "acme/renewal.hpp"
#include "fleet/gossip.hpp"
#include "membership/cluster_view.hpp"
#include "metrics/metrics_registry.hpp"
#include "net/server.hpp"

namespace p2p::node {

/// Bytes and counts since the start, except for gauges; any thread.
void write_node_metrics(metrics::MetricsWriter& out, const net::ServerCounters& server, const GossipTraffic& traffic,
                        const membership::ClusterView& view);
/// And of this node's certificate.
void write_certificate_metrics(metrics::MetricsWriter& out, const acme::RenewalHealth& certificate);

}  // namespace p2p::node
