// What a node is configured with. Members are named as their keys; their initialisers are the defaults, and the table
// in keys.cpp says everything else about them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log_sink.hpp"

namespace p2p::config {

/// Whom the server asks for a certificate during the handshake: clients that offer `p2p/1`, or everyone.
enum class ClientCertificates : unsigned char { nodes, all };
/// `nodes`, `all`.
std::string_view to_string(ClientCertificates value) noexcept;

/// A value type, filled and checked by the loader. Relative paths are relative to home (see Paths).
struct NodeConfig {
  using Duration = std::chrono::milliseconds;
  using Strings = std::vector<std::string>;

  std::string node_id;  ///< is_valid_name() holds once loaded
  std::uint16_t port = 8001;
  std::string bind_address = "0.0.0.0";
  std::string advertise_address;  ///< empty: the addresses of the interfaces
  bool coordinator_mode = false;  ///< says something only where it was given: LoadedConfig::given()
  Strings coordinator_addresses;
  std::string cluster_name = "p2p";
  std::uint64_t threads = 0;  ///< see session_threads()
  Duration shutdown_grace_seconds = std::chrono::seconds{10};

  Duration gossip_interval_min = std::chrono::seconds{5};
  Duration gossip_interval_max = std::chrono::seconds{30};
  Duration gossip_interval_current = std::chrono::seconds{15};
  bool gossip_compression_enabled = true;
  std::uint64_t gossip_compression_threshold = 1024;
  std::uint64_t max_gossip_targets = 5;
  Duration failure_timeout = std::chrono::seconds{60};
  Duration cleanup_interval = std::chrono::seconds{60};
  Duration adjust_interval_period = std::chrono::seconds{60};

  bool rate_limit_enabled = true;
  std::uint64_t rate_limit_rpc_requests = 100;
  std::uint64_t rate_limit_rpc_burst = 20;
  std::uint64_t rate_limit_health_requests = 300;
  std::uint64_t rate_limit_health_burst = 50;
  std::uint64_t rate_limit_metrics_requests = 300;
  std::uint64_t rate_limit_metrics_burst = 50;
  std::uint64_t rate_limit_default_requests = 200;
  std::uint64_t rate_limit_default_burst = 30;

  bool https_enabled = true;
  std::string ssl_cert_file;  ///< empty: see own_certificate_files()
  std::string ssl_key_file;
  std::string ssl_ca_cert_file = "certs/ca_cert.pem";
  std::string ssl_ca_key_file = "certs/ca_key.pem";
  bool ssl_verify = true;
  ClientCertificates ssl_request_client_cert = ClientCertificates::nodes;
  std::string web_cert_file;
  std::string web_key_file;

  std::string state_directory = "data";
  std::string jwt_blacklist_file = "jwt_blacklist.json";
  std::string gossip_state_file = "gossip_state.json";
  std::string service_state_file = "service_state.json";
  Duration autosave_interval = std::chrono::seconds{30};

  Duration jwt_expiration_hours = std::chrono::hours{24};

  std::string services_directory = "services";
  Duration scan_interval = std::chrono::seconds{60};

  bool enable_address_probing = true;
  Duration probe_timeout_seconds = std::chrono::seconds{2};
  bool prefer_vpn = false;

  bool log_collection_enabled = true;
  std::uint64_t max_log_entries = 0;
  LogLevel log_level = LogLevel::info;
  Duration log_retention_days = std::chrono::hours{24 * 30};
  std::uint64_t log_store_max_bytes = 10ULL << 30;
  std::uint64_t log_spool_max_bytes = 256ULL << 20;
  Strings log_files;
  Strings log_files_multiline;
  bool log_journal = false;
  Strings syslog_listen;
  std::string log_forward;
  std::string log_forward_ca_file;  ///< empty: the system's roots

  std::uint16_t acme_http01_port = 80;
  std::uint16_t acme_http_port = 8802;
  std::string acme_directory;

  std::string vault_file = ".p2p_secure_storage";
};

/// The number of session loops: `threads`, or for 0 the smaller of `core_count` and 4; at least 1.
std::size_t session_threads(const NodeConfig& config, std::size_t core_count);

}  // namespace p2p::config
