#include "config/validate.hpp"

#include <fmt/format.h>

#include "config/checks.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"

namespace p2p::config {
namespace {

std::string shown(const NodeConfig& config, std::string_view name) {
  const Key& key = *find_key(name);
  return to_yaml(key, get(config, key));
}

void check_gossip(const NodeConfig& config, std::vector<Contradiction>& out) {
  if (config.gossip_interval_min > config.gossip_interval_max) {
    out.push_back({"gossip_interval_min",
                   fmt::format("{} is above gossip_interval_max, which is {}", shown(config, "gossip_interval_min"),
                               shown(config, "gossip_interval_max"))});
    return;
  }
  if (config.gossip_interval_current < config.gossip_interval_min ||
      config.gossip_interval_current > config.gossip_interval_max) {
    out.push_back({"gossip_interval_current",
                   fmt::format("{} is outside gossip_interval_min {} to gossip_interval_max {}",
                               shown(config, "gossip_interval_current"), shown(config, "gossip_interval_min"),
                               shown(config, "gossip_interval_max"))});
  }
}

/// Without TLS, or without looking at certificates, nothing but this machine may be reached.
void check_protection(std::string_view key, bool enabled, const NodeConfig& config, std::vector<Contradiction>& out) {
  if (enabled) return;
  if (!is_loopback_address(config.bind_address)) {
    out.push_back(
        {key, fmt::format("false is accepted only on loopback, and bind_address is {}; set bind_address: \"127.0.0.1\"",
                          shown(config, "bind_address"))});
  }
  if (!config.coordinator_addresses.empty()) {
    out.push_back({key, "false is accepted only without peers, and coordinator_addresses names some"});
  }
}

}  // namespace

std::vector<Contradiction> contradictions(const LoadedConfig& loaded) {
  const NodeConfig& config = loaded.values;
  std::vector<Contradiction> out;
  check_gossip(config, out);
  check_protection("https_enabled", config.https_enabled, config, out);
  check_protection("ssl_verify", config.ssl_verify, config, out);
  if (config.web_cert_file.empty() != config.web_key_file.empty()) {
    const bool has_key = config.web_cert_file.empty();
    out.push_back(
        {has_key ? "web_key_file" : "web_cert_file", has_key ? "needs web_cert_file too" : "needs web_key_file too"});
  }
  if (config.acme_http_port == config.port) {
    out.push_back({"acme_http_port", fmt::format("{} is the node's own port already", config.port)});
  }
  return out;
}

}  // namespace p2p::config
