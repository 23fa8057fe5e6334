// The fleet as this node sees it: `GET /cluster/nodes`, `GET /cluster/status`, and the same as methods of `cluster`; at
// a coordinator also what is wrong with it.
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "directory.hpp"
#include "membership/cluster_view.hpp"
#include "net/router.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

/// Gives the newest view; any thread.
using ViewSource = std::function<membership::ClusterViewPtr()>;

/// What is listed of a node: membership::to_json(), with clock_offset_ms (Directory::clock_offset(), 0 for this node,
/// null where it is not known) and draining. Directory and clock must outlive the router and the service.
void add_cluster_routes(net::Router& router, ViewSource view, const Directory& directory, const Clock& clock);
rpc::Service cluster_service(ViewSource view, const Directory& directory, const Clock& clock);
/// Adds `cluster.problems`, which answers what `tell` gives, from any thread.
void add_cluster_problems(rpc::Service& service, std::function<std::string()> tell);

}  // namespace p2p::node
