// The fleet as this node sees it: `GET /cluster/nodes`, `GET /cluster/status`, and the same as methods of `cluster`.
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "membership/cluster_view.hpp"
#include "net/router.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

/// Gives the newest view; any thread.
using ViewSource = std::function<membership::ClusterViewPtr()>;

/// The clock must outlive the router.
void add_cluster_routes(net::Router& router, ViewSource view, const Clock& clock);
rpc::Service cluster_service(ViewSource view, const Clock& clock);

}  // namespace p2p::node
