// Whether a filter's nodes are nodes that somebody has heard of.
#pragma once

#include <string>
#include <vector>

#include "cli/node_client.hpp"

namespace p2p::logs {

/// Warns of each glob (or several with commas) that fits neither a node with records nor one of the fleet. Says nothing
/// where the coordinator does not tell which there are, as the caller may not be permitted to know; fails where it
/// cannot be reached.
cli::Attempt<void> warn_of_unknown_nodes(const std::vector<std::string>& globs, cli::NodeClient& client,
                                         cli::Reporter& report);

/// kNotFound, with what may have been meant, for a name that no such node has; passes where the coordinator does not
/// tell.
cli::Attempt<void> check_known_node(const std::string& name, cli::NodeClient& client);

}  // namespace p2p::logs
