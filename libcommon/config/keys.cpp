#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "config/checks.hpp"

namespace p2p::config {
namespace {

using C = NodeConfig;

constexpr std::uint64_t kSecond = 1000;  // durations are in milliseconds
constexpr std::uint64_t kHour = 3600 * kSecond;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kMaxRate = 1'000'000;
constexpr std::uint64_t kKiB = 1024, kMiB = kKiB * 1024, kTiB = kMiB * kMiB;

constexpr Rules any() { return {}; }
constexpr Rules count(std::uint64_t min, std::uint64_t max) { return {.min = min, .max = max}; }
constexpr Rules bytes(std::uint64_t min, std::uint64_t max) { return {.min = min, .max = max, .unit = Unit::bytes}; }
constexpr Rules seconds(std::uint64_t min, std::uint64_t max) {
  return {.min = min, .max = max, .unit = Unit::seconds};
}
constexpr Rules text(TextCheck check) { return {.check = check}; }
constexpr Rules rate() { return {.min = 1, .max = kMaxRate, .unit = Unit::per_minute, .live = true}; }
constexpr Rules burst() { return {.min = 1, .max = kMaxRate, .live = true}; }
constexpr Rules live(TextCheck check = nullptr) { return {.live = true, .check = check}; }

const std::array kKeys{
    // node
    Key{"node_id", Group::node, &C::node_id, text(check_name),
        "The name of this node, unique in the fleet and the same as in its certificate.",
        "the name of the only node certificate in certs/"},
    Key{"port", Group::node, &C::port, count(0, 65535),
        "The TCP port that serves everything: HTTP, WebSocket and the other nodes. 0 picks a free one."},
    Key{"bind_address", Group::node, &C::bind_address, text(check_ip_address),
        "The IP address to listen on; \"0.0.0.0\" and \"::\" mean all interfaces."},
    Key{"advertise_address", Group::node, &C::advertise_address, text(check_advertised),
        "Under which address other nodes reach this one, where its own interfaces do not tell (NAT, a load balancer) "
        "or "
        "tell too much: a host or IP address, with or without a port; the name of an interface; or a network, such as "
        "192.168.0.0/16, that own addresses are in. p2p-probe explain shows what comes of it.",
        "the addresses of the interfaces"},
    Key{"coordinator_mode", Group::node, &C::coordinator_mode, any(),
        "Whether this node is a coordinator. The certificate's role decides; a value that contradicts it stops the "
        "start.",
        "as the certificate says"},
    Key{"coordinator_addresses", Group::node, &C::coordinator_addresses, text(check_host_port),
        "Where a worker finds its coordinator, each as \"HOST:PORT\"."},
    Key{"cluster_name", Group::node, &C::cluster_name, text(check_name),
        "The name of the fleet, as in its certificates."},
    Key{"threads", Group::node, &C::threads, count(0, 256),
        "Threads that serve connections; 0 means one a core, at most 4."},
    Key{"shutdown_grace_seconds", Group::node, &C::shutdown_grace_seconds, seconds(0, kHour),
        "How long running work may take to end after SIGTERM."},

    // gossip
    Key{"gossip_interval_min", Group::gossip, &C::gossip_interval_min, seconds(50, kHour),
        "The shortest time between two exchanges, used at low load."},
    Key{"gossip_interval_max", Group::gossip, &C::gossip_interval_max, seconds(50, kHour),
        "The longest time between two exchanges, used at high load."},
    Key{"gossip_interval_current", Group::gossip, &C::gossip_interval_current, seconds(50, kHour),
        "The interval to begin with; it adapts between the two bounds. Where only they are given, it begins within "
        "them."},
    Key{"gossip_compression_enabled", Group::gossip, &C::gossip_compression_enabled, any(),
        "Whether large gossip messages travel as LZ4."},
    Key{"gossip_compression_threshold", Group::gossip, &C::gossip_compression_threshold, bytes(0, 16 * kMiB),
        "Messages larger than this are compressed."},
    Key{"max_gossip_targets", Group::gossip, &C::max_gossip_targets, count(1, 64),
        "With how many nodes one round exchanges, a coordinator among them."},
    Key{"failure_timeout", Group::gossip, &C::failure_timeout, seconds(100, kDay),
        "A node not heard of for half of this (and six intervals) is suspected, for twice that dead."},
    Key{"cleanup_interval", Group::gossip, &C::cleanup_interval, seconds(100, kDay),
        "A worker forgets a dead node after twice this."},
    Key{"adjust_interval_period", Group::gossip, &C::adjust_interval_period, seconds(100, kDay),
        "How often the interval adapts to the load, by at most 20%."},

    // limits
    Key{"rate_limit_enabled", Group::limits, &C::rate_limit_enabled, live(),
        "Whether requests of one client are limited."},
    Key{"rate_limit_rpc_requests", Group::limits, &C::rate_limit_rpc_requests, rate(),
        "Calls to /rpc that one client may make a minute."},
    Key{"rate_limit_rpc_burst", Group::limits, &C::rate_limit_rpc_burst, burst(),
        "How many requests to /rpc one client may make at once."},
    Key{"rate_limit_health_requests", Group::limits, &C::rate_limit_health_requests, rate(),
        "Requests to /health that one client may make a minute."},
    Key{"rate_limit_health_burst", Group::limits, &C::rate_limit_health_burst, burst(),
        "How many requests to /health one client may make at once."},
    Key{"rate_limit_metrics_requests", Group::limits, &C::rate_limit_metrics_requests, rate(),
        "Requests to /metrics that one client may make a minute."},
    Key{"rate_limit_metrics_burst", Group::limits, &C::rate_limit_metrics_burst, burst(),
        "How many requests to /metrics one client may make at once."},
    Key{"rate_limit_default_requests", Group::limits, &C::rate_limit_default_requests, rate(),
        "Requests to any other path that one client may make a minute."},
    Key{"rate_limit_default_burst", Group::limits, &C::rate_limit_default_burst, burst(),
        "How many requests to any other path one client may make at once."},

    // TLS
    Key{"https_enabled", Group::tls, &C::https_enabled, any(),
        "Whether the port speaks TLS. Without it a node serves loopback only, knows callers by token only and has no "
        "peers."},
    Key{"ssl_cert_file", Group::tls, &C::ssl_cert_file, live(), "The node's certificate (PEM).",
        "certs/<node_id>_cert.pem, else certs/node_cert.pem"},
    Key{"ssl_key_file", Group::tls, &C::ssl_key_file, live(), "The private key of that certificate (PEM).",
        "certs/<node_id>_key.pem, else certs/node_key.pem"},
    Key{"ssl_ca_cert_file", Group::tls, &C::ssl_ca_cert_file, live(check_not_empty),
        "The certificate of the fleet's authority; may hold several roots."},
    Key{"ssl_ca_key_file", Group::tls, &C::ssl_ca_key_file, text(check_not_empty),
        "The key of the authority. Only a coordinator that signs certificates needs it."},
    Key{"ssl_verify", Group::tls, &C::ssl_verify, any(),
        "Whether certificates of peers are checked. False is accepted only on loopback and without peers."},
    Key{"ssl_request_client_cert", Group::tls, &C::ssl_request_client_cert, any(),
        "Who is asked for a certificate: \"nodes\" (clients that offer p2p/1), or \"all\" (curl with a certificate "
        "works, browsers may not)."},
    Key{"web_cert_file", Group::tls, &C::web_cert_file, live(),
        "A public authority's certificate, shown to browsers and curl instead of the node's own.",
        "the node's certificate"},
    Key{"web_key_file", Group::tls, &C::web_key_file, live(), "The private key of web_cert_file.", "the node's key"},

    // persistence
    Key{"state_directory", Group::persistence, &C::state_directory, text(check_not_empty),
        "The folder of everything that the node remembers. Two nodes never share one."},
    Key{"jwt_blacklist_file", Group::persistence, &C::jwt_blacklist_file, text(check_not_empty),
        "Revoked tokens, in state_directory."},
    Key{"gossip_state_file", Group::persistence, &C::gossip_state_file, text(check_not_empty),
        "Known nodes, in state_directory."},
    Key{"service_state_file", Group::persistence, &C::service_state_file, text(check_not_empty),
        "Which services are wanted running, in state_directory."},
    Key{"autosave_interval", Group::persistence, &C::autosave_interval, seconds(kSecond, kDay),
        "How often changed state is written."},

    // tokens
    Key{"jwt_expiration_hours", Group::tokens, &C::jwt_expiration_hours,
        Rules{.min = 60 * kSecond, .max = 366 * kDay, .unit = Unit::hours},
        "How long a token is valid where its request does not say."},

    // services
    Key{"services_directory", Group::services, &C::services_directory, text(check_not_empty),
        "The folder that holds one folder a service."},
    Key{"scan_interval", Group::services, &C::scan_interval, seconds(kSecond, kDay),
        "How often that folder is looked at, besides being watched."},

    // addresses
    Key{"enable_address_probing", Group::addresses, &C::enable_address_probing, any(),
        "Whether the addresses of other nodes are tried before one is chosen."},
    Key{"probe_timeout_seconds", Group::addresses, &C::probe_timeout_seconds, seconds(50, 60 * kSecond),
        "How long one such try may take."},
    Key{"prefer_vpn", Group::addresses, &C::prefer_vpn, any(),
        "Whether an address of a tunnel is announced before others, also where there is a way without one."},

    // logs
    Key{"log_collection_enabled", Group::logs, &C::log_collection_enabled, any(),
        "Whether log lines are sent to the coordinator, or on a coordinator stored."},
    Key{"max_log_entries", Group::logs, &C::max_log_entries, any(),
        "How many log records of one node a coordinator keeps; 0 means no bound."},
    Key{"log_level", Group::logs, &C::log_level, live(),
        "The least level that the node itself logs. Who changed what (logger Audit) is logged in any case."},
    Key{"log_retention_days", Group::logs, &C::log_retention_days,
        Rules{.min = kHour, .max = 3660 * kDay, .unit = Unit::days}, "How long a coordinator keeps log records."},
    Key{"log_store_max_bytes", Group::logs, &C::log_store_max_bytes, bytes(kMiB, 1024 * kTiB),
        "How large a coordinator's log store may grow, with its search indexes; the oldest records make room."},
    Key{"log_spool_max_bytes", Group::logs, &C::log_spool_max_bytes, bytes(64 * kKiB, kTiB),
        "How many bytes of log records wait on disk while the coordinator is away. Beyond that the oldest of the "
        "lowest level are dropped, and counted."},
    Key{"log_files", Group::logs, &C::log_files, text(check_not_empty),
        "Files whose lines are collected too, as paths or patterns; see LOG SOURCES."},
    Key{"log_files_multiline", Group::logs, &C::log_files_multiline, text(check_multiline_rule),
        "For files whose records have several lines: a pattern of paths, a space, and a regular expression (RE2) that "
        "is found in the first line of each record; the first pattern that fits a path counts."},
    Key{"log_journal", Group::logs, &C::log_journal, any(), "Whether the systemd journal is collected too."},
    Key{"syslog_listen", Group::logs, &C::syslog_listen, text(check_syslog_address),
        "Where syslog is taken: \"tcp://HOST:PORT\", \"udp://HOST:PORT\", \"unix:///PATH\". Nobody is asked who he is: "
        "use "
        "loopback, or an address in a trusted network."},
    Key{"log_forward", Group::logs, &C::log_forward, text(check_syslog_target),
        "The syslog server that a coordinator sends a copy of every record: \"tcp://HOST:PORT\" or "
        "\"tls://HOST:PORT\".",
        "none"},
    Key{"log_forward_ca_file", Group::logs, &C::log_forward_ca_file, any(),
        "The roots (PEM) that may have signed that server's certificate.", "those of the system"},

    // certificates
    Key{"acme_http01_port", Group::certificates, &C::acme_http01_port, count(1, 65535),
        "The port on which a coordinator looks for the http-01 answers of ACME clients; those of this fleet's nodes "
        "are looked for on 8802 unless this is set."},
    Key{"acme_http_port", Group::certificates, &C::acme_http_port, count(1, 65535),
        "The port on which this node gives the http-01 answer."},
    Key{"acme_directory", Group::certificates, &C::acme_directory, text(check_https_url),
        "The directory of the ACME server that renews certificates.", "the coordinator's"},

    // vault
    Key{"vault_file", Group::vault, &C::vault_file, text(check_not_empty),
        "The sealed archive of keys and state; used where it exists."},
};

}  // namespace

std::string_view title(Group group) noexcept {
  switch (group) {
    case Group::node: return "Node";
    case Group::gossip: return "Gossip";
    case Group::limits: return "Limits";
    case Group::tls: return "TLS";
    case Group::persistence: return "Persistence";
    case Group::tokens: return "Tokens";
    case Group::services: return "Services";
    case Group::addresses: return "Addresses";
    case Group::logs: return "Logs";
    case Group::certificates: return "Certificates";
    case Group::vault: return "Vault";
  }
  return {};
}

std::span<const Key> keys() noexcept { return kKeys; }

const Key* find_key(std::string_view name) noexcept {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : &*found;
}

std::string did_you_mean(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) names.push_back(key.name);
  return p2p::did_you_mean(lower_ascii(name.substr(0, 64)), names);
}

}  // namespace p2p::config
