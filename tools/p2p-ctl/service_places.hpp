// Where a service is, and why it is not where it was expected.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/node_client.hpp"

namespace p2p::ctl {

/// The one node that has the service. kNotFound with the nearest name when nobody has it, kUsage with the nodes when
/// several have, and for a built-in one.
cli::Attempt<std::string> only_place_of(cli::NodeClient& client, const std::string& service);

/// `failure` of starting or stopping a service that was not found; what is built in is said to be that.
cli::Failure unless_built_in(cli::NodeClient& client, const rpc::Target& target, const std::string& service,
                             cli::Failure failure);

/// `failure` of a call of `method` on `target`; where the service is there but does not run (stopped, broken, degraded,
/// still starting), that, where, its reason, and what to do about it. Asks for at most a few seconds.
cli::Failure with_service_state(cli::NodeClient& client, const std::string& method,
                                const std::optional<rpc::Target>& target, cli::Failure failure);

/// The nodes that have this service of programs, each with why it does not run there, where it is stopped or broken,
/// else with nothing. Asks for at most a few seconds.
std::map<std::string, std::string> places_of(cli::NodeClient& client, const std::string& service);

/// `failure` of a command about the service on `node`: the hint leads to the nodes where there is no such one.
cli::Failure with_place_hint(cli::NodeClient& client, const std::string& node, cli::Failure failure);

}  // namespace p2p::ctl
