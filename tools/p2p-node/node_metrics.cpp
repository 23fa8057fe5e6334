#include "node_metrics.hpp"

#include <map>
#include <string>

namespace p2p::node {

void write_node_metrics(metrics::MetricsWriter& out, const net::ServerCounters& server, const GossipTraffic& traffic,
                        const membership::ClusterView& view) {
  out.counter("p2p_http_connections_total", "Connections accepted.", static_cast<double>(server.connections));
  out.counter("p2p_http_connections_refused_total", "Connections over a cap.",
              static_cast<double>(server.refused_connections));
  out.gauge("p2p_http_connections_open", "Connections open now.", static_cast<double>(server.open_connections));
  out.counter("p2p_http_requests_total", "Requests answered.", static_cast<double>(server.requests));
  out.counter("p2p_tls_handshakes_total", "TLS handshakes.", static_cast<double>(server.handshakes),
              {{"result", "done"}});
  out.counter("p2p_tls_handshakes_total", "TLS handshakes.", static_cast<double>(server.failed_handshakes),
              {{"result", "failed"}});
  out.counter("p2p_gossip_messages_total", "Gossip messages sent and received.", static_cast<double>(traffic.messages));
  out.counter("p2p_gossip_bytes_total", "Gossip bytes sent and received.", static_cast<double>(traffic.raw_bytes),
              {{"form", "raw"}});
  out.counter("p2p_gossip_bytes_total", "Gossip bytes sent and received.", static_cast<double>(traffic.wire_bytes),
              {{"form", "wire"}});
  std::map<std::string, double> by_status{{"alive", 0}, {"suspected", 0}, {"dead", 0}, {"left", 0}};
  for (const auto& node : view.nodes) ++by_status[std::string(membership::to_string(node.status))];
  for (const auto& [status, count] : by_status) {
    out.gauge("p2p_nodes", "Nodes by status, as this node sees them.", count, {{"status", status}});
  }
}

void write_certificate_metrics(metrics::MetricsWriter& out, const acme::RenewalHealth& certificate) {
  if (!certificate.not_after) return;
  out.gauge("p2p_certificate_expiry_timestamp_seconds", "When this node's certificate expires.",
            std::chrono::duration<double>(certificate.not_after->time_since_epoch()).count());
  out.gauge("p2p_certificate_renewal_failures", "Renewals that have failed in a row.", certificate.failure_count);
}

}  // namespace p2p::node
