#include "node_metrics.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace p2p::node {
namespace {

using ratelimit::LimitClass;

double number(std::uint64_t count) { return static_cast<double>(count); }
template <class Rep, class Period>
double seconds(std::chrono::duration<Rep, Period> duration) {
  return std::chrono::duration<double>(duration).count();
}

void write_requests(metrics::MetricsWriter& out, LimitClass limit_class, const net::RequestFigures& figures) {
  const std::string name(ratelimit::to_string(limit_class));
  for (std::size_t i = 0; i < figures.by_status.size(); ++i) {
    out.counter("p2p_http_requests_total", "Requests answered, by class of path and of status.",
                number(figures.by_status[i]), {{"class", name}, {"status", std::to_string(i + 1) + "xx"}});
  }
  metrics::Histogram latency;
  for (const auto bound : net::kLatencyBounds) latency.bounds.push_back(seconds(bound));
  latency.counts.assign(figures.by_latency.begin(), figures.by_latency.end());
  latency.sum = seconds(figures.latency_sum);
  out.histogram("p2p_http_request_duration_seconds", "From the end of a request's head to its answer.", latency,
                {{"class", name}});
}

bool announces(const std::vector<rpc::Candidate>& members, const std::string& node, const std::string& service) {
  return std::any_of(members.begin(), members.end(), [&](const rpc::Candidate& member) {
    return member.node_id == node &&
           std::find(member.services.begin(), member.services.end(), service) != member.services.end();
  });
}

}  // namespace

void write_server_metrics(metrics::MetricsWriter& out, const net::ServerCounters& server,
                          const ratelimit::Limiter& limiter) {
  out.counter("p2p_http_connections_total", "Connections accepted.", number(server.connections));
  out.counter("p2p_http_connections_refused_total", "Connections over a cap.", number(server.refused_connections));
  out.gauge("p2p_http_connections_open", "Connections open now.", number(server.open_connections));
  out.gauge("p2p_http_requests_in_flight", "Requests being handled now.", number(server.requests_in_flight));
  out.gauge("p2p_http_websockets_open", "WebSockets open now, links included.", number(server.open_channels));
  out.counter("p2p_server_received_bytes_total", "Bytes that clients sent, TLS included.",
              number(server.bytes_received));
  out.counter("p2p_server_sent_bytes_total", "Bytes sent to clients, TLS included.", number(server.bytes_sent));
  out.counter("p2p_tls_handshakes_total", "TLS handshakes.", number(server.handshakes), {{"result", "done"}});
  out.counter("p2p_tls_handshakes_total", "TLS handshakes.", number(server.failed_handshakes), {{"result", "failed"}});
  for (const LimitClass limit_class : ratelimit::kLimitClasses) {
    write_requests(out, limit_class, server.requests_by_class[static_cast<std::size_t>(limit_class)]);
    if (limit_class == LimitClass::none) continue;
    out.counter("p2p_rate_limited_total", "Requests over a rate limit, by class of path.",
                number(limiter.refused_count(limit_class)), {{"class", std::string(to_string(limit_class))}});
  }
  out.gauge("p2p_rate_limit_memory_bytes", "Memory of the rate limits' buckets.", number(limiter.memory_bytes()));
}

void write_fleet_metrics(metrics::MetricsWriter& out, const GossipTraffic& traffic, const membership::ClusterView& view,
                         const Directory& directory) {
  out.counter("p2p_gossip_messages_total", "Gossip messages sent and received.", number(traffic.messages));
  out.counter("p2p_gossip_bytes_total", "Gossip bytes sent and received, before and after compression.",
              number(traffic.raw_bytes), {{"form", "raw"}});
  out.counter("p2p_gossip_bytes_total", "Gossip bytes sent and received, before and after compression.",
              number(traffic.wire_bytes), {{"form", "wire"}});
  std::map<std::string, double> by_status{{"alive", 0}, {"suspected", 0}, {"dead", 0}, {"left", 0}};
  for (const auto& node : view.nodes) ++by_status[std::string(membership::to_string(node.status))];
  for (const auto& [status, count] : by_status) {
    out.gauge("p2p_nodes", "Nodes by status, as this node sees them.", count, {{"status", status}});
  }
  for (const auto& node : view.nodes) {
    const auto offset = directory.clock_offset(node.node_id());
    if (!offset) continue;
    out.gauge("p2p_node_clock_offset_seconds", "How far the clock of a linked node is ahead of this one's.",
              seconds(*offset), {{"node", node.node_id()}});
  }
}

void write_call_metrics(metrics::MetricsWriter& out, const rpc::RegistrySnapshot& registry) {
  for (const auto& [name, service] : registry.services) {
    for (const rpc::Method& method : service->methods) {
      const std::pair<const char*, const std::atomic<std::uint64_t>*> results[] = {
          {"done", &method.counts->done},
          {"failed", &method.counts->failed},
          {"refused", &method.counts->refused},
          {"cancelled", &method.counts->cancelled}};
      for (const auto& [result, count] : results) {
        out.counter("p2p_rpc_calls_total",
                    "Calls that this node ran, refused for what the caller did wrong, or ended as the caller hung up.",
                    number(count->load(std::memory_order_relaxed)),
                    {{"service", name}, {"method", std::string(rpc::bare_method(method.name))}, {"result", result}});
      }
    }
  }
}

void write_forwarding_metrics(metrics::MetricsWriter& out, const rpc::Forwarder& forwarder,
                              const std::vector<rpc::Candidate>& members) {
  out.counter("p2p_rpc_retries_total", "Attempts after the first at calls that were passed on.",
              number(forwarder.retry_count()));
  double open = 0, half_open = 0;
  for (const auto& breaker : forwarder.open_breakers()) {
    ++(breaker.state == rpc::Breaker::State::open ? open : half_open);
    if (!announces(members, breaker.node, breaker.service)) continue;
    out.gauge("p2p_rpc_breaker_open", "1 for a service of a node that gets no calls, as they failed repeatedly.", 1,
              {{"node", breaker.node}, {"service", breaker.service}});
  }
  out.gauge("p2p_rpc_breakers", "Breakers that are not closed, by state.", open, {{"state", "open"}});
  out.gauge("p2p_rpc_breakers", "Breakers that are not closed, by state.", half_open, {{"state", "half_open"}});
}

void write_service_metrics(metrics::MetricsWriter& out, const std::vector<services::ServiceView>& services) {
  using services::ServiceState;
  constexpr ServiceState kStates[] = {ServiceState::starting, ServiceState::running, ServiceState::degraded,
                                      ServiceState::stopped, ServiceState::error};
  for (const ServiceState state : kStates) {
    const auto count = std::count_if(services.begin(), services.end(),
                                     [&](const services::ServiceView& service) { return service.state == state; });
    out.gauge("p2p_services", "External services by state.", static_cast<double>(count),
              {{"state", std::string(to_string(state))}});
  }
  for (const auto& service : services) {
    // Two folders may claim one name; only one of them is in use.
    if (service.state == ServiceState::error && service.restart_count == 0) continue;
    out.counter("p2p_service_restarts_total", "How often a process of the service died and was started again.",
                number(service.restart_count), {{"service", service.name}});
  }
}

void write_log_metrics(metrics::MetricsWriter& out, const logs::LogShipper& shipper) {
  out.gauge("p2p_log_lag_seconds", "For how long the oldest log record that is not stored has been waiting.",
            seconds(shipper.lag()));
  out.gauge("p2p_log_spool_bytes", "Log records that the coordinator has not stored yet.",
            number(shipper.spool_bytes()));
  out.gauge("p2p_log_spool_failing", "1 while the disk of the log spool cannot be written, else 0.",
            shipper.spool_is_failing() ? 1 : 0);
}

void write_certificate_metrics(metrics::MetricsWriter& out, const Health& health, WallTime now) {
  const acme::RenewalHealth certificate = health.certificate();
  if (!certificate.not_after) return;
  out.gauge("p2p_certificate_expiry_timestamp_seconds", "When this node's certificate expires.",
            seconds(certificate.not_after->time_since_epoch()));
  out.gauge("p2p_certificate_remaining_seconds", "Until this node's certificate expires.",
            seconds(*certificate.not_after - now));
  out.gauge("p2p_certificate_renewal_failures", "Renewals that have failed in a row.", certificate.failure_count);
  out.gauge("p2p_certificate_revoked", "1 while the fleet refuses this node's certificate, else 0.",
            health.is_certificate_revoked() ? 1 : 0);
}

void write_address_metrics(metrics::MetricsWriter& out, const ChosenAddress& chosen) {
  out.counter("p2p_announced_address_changes_total", "How often another address was chosen to be announced first.",
              number(chosen.changes));
  if (chosen.address.empty()) return;
  out.gauge("p2p_announced_address", "1: the address that this node announces first, and the rule that chose it.", 1,
            {{"address", chosen.address}, {"interface", chosen.interface}, {"rule", chosen.rule}});
}

void add_metrics_route(net::Router& router, const metrics::MetricsRegistry& registry, FiguresReading& figures) {
  net::Route route;
  route.pattern = "/metrics";
  route.permission = auth::Permission::metrics_read;
  route.limit_class = net::LimitClass::metrics;
  route.open_on_loopback = true;
  route.handler = [&registry, &figures](net::Request&) -> boost::asio::awaitable<net::Response> {
    auto reading = figures.read();
    const auto now = co_await std::move(reading);
    const auto standard = [&](metrics::MetricsWriter& out) {
      metrics::write_standard_metrics(out, now ? *now : metrics::Figures{now.error(), now.error()}, P2P_VERSION);
    };
    auto response = net::Response::text(registry.render(standard));
    response.content_type = metrics::kMetricsContentType;
    co_return response;
  };
  router.add(std::move(route));
}

}  // namespace p2p::node
