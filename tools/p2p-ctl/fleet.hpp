// What several subcommands ask a coordinator: its answers as JSON, the nodes, and which services are where.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "cli/node_client.hpp"

namespace p2p::ctl {

/// NodeClient::rpc with JSON on both sides; `params` null for none. kDamaged when the answer is no JSON.
cli::Attempt<Json> ask(cli::NodeClient& client, const std::string& method, const Json& params,
                       const std::optional<rpc::Target>& target, std::chrono::milliseconds timeout);

/// The array of `cluster.nodes`, as p2p-ctl(1) describes it.
cli::Attempt<Json> ask_nodes(cli::NodeClient& client, std::chrono::milliseconds timeout);

/// The one of these with that name; null when there is none.
Json node_of(const Json& nodes, const std::string& name);
/// `; did you mean "worker-1"?` of these, or nothing.
std::string meant_node(const Json& nodes, const std::string& name);
/// ask_nodes() and node_of().
cli::Attempt<Json> find_node(cli::NodeClient& client, const std::string& name, std::chrono::milliseconds timeout);

/// What services.list answered on the nodes that were asked.
struct ServiceList {
  Json services = Json::array();  ///< by name, then by node, which each has as `node`
  cli::Attempt<void> complete{};  ///< as judge_broadcast(): whether all of them answered
};
/// `target` is a node, or all of them.
cli::Attempt<ServiceList> ask_services(cli::NodeClient& client, const rpc::Target& target,
                                       std::chrono::milliseconds timeout);

/// The version of a service, or `-` where its manifest has none.
cli::Cell version_cell(const Json& service);

/// `worker-1, worker-2 and 3 more`.
std::string few_of(const std::vector<std::string>& names, std::size_t shown = 3);

/// A name on the command line must be one; `what` is `node` or the like.
cli::Attempt<void> check_name(std::string_view what, const std::string& name);

}  // namespace p2p::ctl
