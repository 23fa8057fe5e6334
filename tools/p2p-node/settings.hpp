// What the parts of a node take from its configuration.
#pragma once

#include "acme/http01_validator.hpp"
#include "base/random.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"
#include "membership/compression.hpp"
#include "membership/own_record.hpp"
#include "membership/settings.hpp"
#include "net/server.hpp"
#include "pki/node_material.hpp"

namespace p2p::node {

membership::Settings membership_settings(const config::NodeConfig& config);
membership::CompressionSettings compression_settings(const config::NodeConfig& config);
net::ServerOptions server_options(const config::NodeConfig& config);
/// Facts without addresses and services, which are known later.
membership::SelfFacts self_facts(const config::NodeConfig& config, Random& random, WallTime started_at);

/// Where a coordinator looks for http-01 answers.
acme::Http01Settings http01_settings(const config::LoadedConfig& loaded);

/// What a certificate has to name for a node that announces these `host:port`.
std::vector<pki::SubjectName> names_of_addresses(const std::vector<std::string>& addresses);

/// Where certificates and keys are, and the names for the addresses that the node has now. Blocks for a moment.
pki::NodeMaterialRequest material_request(const config::LoadedConfig& loaded, const config::Paths& paths);

}  // namespace p2p::node
