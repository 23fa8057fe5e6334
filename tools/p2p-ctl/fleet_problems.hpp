// What the coordinator finds wrong with the fleet, in the words of its dashboard: for the lists of nodes and services.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/node_client.hpp"

namespace p2p::ctl {

/// The answer of `cluster.problems`; null where it is not to be had: from a coordinator of an earlier version or one
/// that has just started, or for who may not ask. All below take null for "nothing is known".
cli::Attempt<Json> ask_problems(cli::NodeClient& client);

/// {node, health, problem} for each sentence, `health` of the whole node, those that fail first; those about the fleet
/// are the coordinator's.
Json problem_rows(const Json& problems, const std::string& coordinator);

struct FleetView {
  /// As of cluster.nodes; behind its members those that are none any more as their certificates were revoked, in rows
  /// of the same form with the status `revoked`, and `revoked_at`.
  Json nodes;
  Json problems;
};
/// Of the nodes, with what is wrong.
cli::Attempt<FleetView> ask_fleet(cli::NodeClient& client);

/// Gives each of the services, which have `node` and `name`, the `failing` of its methods, {method, share, error},
/// where calls fail there.
void add_failing(Json& services, const Json& problems);

/// Why a service does not run, else which of its methods fail, in one line; empty where it is well.
std::string trouble_of(const Json& service);

}  // namespace p2p::ctl
