#include "settings.hpp"

#include "addresses/local_addresses.hpp"
#include "config/checks.hpp"
#include "net/client.hpp"
#include "pki/subject_name.hpp"
#include "rpc/timeouts.hpp"

namespace p2p::node {

membership::Settings membership_settings(const config::NodeConfig& config) {
  membership::Settings out;
  out.cluster_name = config.cluster_name;
  out.coordinator_addresses = config.coordinator_addresses;
  out.interval.minimum = config.gossip_interval_min;
  out.interval.maximum = config.gossip_interval_max;
  out.interval.initial = config.gossip_interval_current;
  out.interval.adjust_every = config.adjust_interval_period;
  out.max_gossip_targets = config.max_gossip_targets;
  out.failure_timeout = config.failure_timeout;
  out.cleanup_interval = config.cleanup_interval;
  return out;
}

membership::CompressionSettings compression_settings(const config::NodeConfig& config) {
  return {config.gossip_compression_enabled, config.gossip_compression_threshold};
}

net::ServerOptions server_options(const config::NodeConfig& config) {
  net::ServerOptions out;
  out.bind_address = config.bind_address;
  out.port = config.port;
  out.limits.max_request_timeout = rpc::kMaxTimeout;
  return out;
}

membership::SelfFacts self_facts(const config::NodeConfig& config, Random& random, WallTime started_at) {
  membership::SelfFacts out;
  out.node_id = config.node_id;
  out.version = P2P_VERSION;
  out.started_at = started_at;
  out.instance = random.next();
  return out;
}

acme::Http01Settings http01_settings(const config::LoadedConfig& loaded) {
  acme::Http01Settings out;
  out.other_port = loaded.values.acme_http01_port;
  out.node_port = loaded.given("acme_http01_port") ? out.other_port : config::NodeConfig().acme_http_port;
  // Nobody else reaches such a coordinator.
  out.ask_own_machine = config::is_loopback_address(loaded.values.bind_address);
  return out;
}

std::vector<pki::SubjectName> names_of_addresses(const std::vector<std::string>& addresses) {
  std::vector<pki::SubjectName> out;
  for (const auto& address : addresses) {
    const auto endpoint = net::parse_endpoint(address, 0);
    if (!endpoint) continue;
    if (auto name = pki::parse_subject_name(endpoint->host)) out.push_back(std::move(*name));
  }
  return out;
}

pki::NodeMaterialRequest material_request(const config::LoadedConfig& loaded, const config::Paths& paths) {
  const auto& config = loaded.values;
  const auto files =
      config::own_certificate_files(config, [&](const std::string& name) { return file_exists(paths.resolve(name)); });
  pki::NodeMaterialRequest out;
  out.own = {paths.resolve(files.certificate), paths.resolve(files.key)};
  out.home = paths.home();
  out.ca_certificate = paths.resolve(config.ssl_ca_cert_file);
  out.ca_key = paths.resolve(config.ssl_ca_key_file);
  out.cluster_name = config.cluster_name;
  out.node_id = config.node_id;
  if (loaded.given("coordinator_mode")) out.coordinator = config.coordinator_mode;
  out.extra_names = names_of_addresses(local_addresses(config, config.port));
  return out;
}

}  // namespace p2p::node
