// The addresses under which this node announces itself, by its configuration and a ranking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "addresses/ranking.hpp"
#include "config/node_config.hpp"

namespace p2p::node {

/// The `host:port` that is announced whatever the network is: the operator's `advertise_address` where it is an address
/// or host (with `port` where it names none), else the bind address where it is one. None: the ranking decides.
std::optional<std::string> fixed_address(const config::NodeConfig& config, std::uint16_t port);

/// What a ranking is to know of the configuration.
addresses::RankingFacts configured_facts(const config::NodeConfig& config);

/// What is announced by what the kernel says now and no more, best first. Blocks for a moment.
std::vector<std::string> local_addresses(const config::NodeConfig& config, std::uint16_t port);

}  // namespace p2p::node
