#include "cluster_routes.hpp"

#include <map>
#include <utility>

#include "base/json.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

using TextSource = std::function<std::string()>;

TextSource nodes_text(ViewSource view, const Directory& directory, const Clock& clock) {
  return [view = std::move(view), &directory, &clock] {
    const auto now = view();
    Json nodes = membership::to_json(*now, clock.wall());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::string& node_id = now->nodes[i].node_id();
      const auto offset =
          node_id == now->self_id ? std::optional(std::chrono::milliseconds(0)) : directory.clock_offset(node_id);
      nodes[i]["clock_offset_ms"] = offset ? Json(offset->count()) : Json();
      nodes[i]["draining"] = directory.is_draining(node_id);
    }
    return dump_json(nodes);
  };
}

/// {node_id, nodes: how many, by_status: {alive: n, …}, by_role: {worker: n, …}}
TextSource status_text(ViewSource view) {
  return [view = std::move(view)] {
    const auto now = view();
    std::map<std::string, std::size_t> by_status, by_role;
    for (const auto& node : now->nodes) {
      ++by_status[std::string(membership::to_string(node.status))];
      ++by_role[std::string(pki::to_string(node.role))];
    }
    return dump_json(
        {{"node_id", now->self_id}, {"nodes", now->nodes.size()}, {"by_status", by_status}, {"by_role", by_role}});
  };
}

void add(net::Router& router, std::string path, TextSource text) {
  net::Route route;
  route.pattern = std::move(path);
  route.permission = auth::Permission::cluster_read;
  route.open_on_loopback = true;
  route.handler = [text = std::move(text)](net::Request&) -> asio::awaitable<net::Response> {
    co_return net::Response::json(text());
  };
  router.add(std::move(route));
}

rpc::Method method(std::string name, std::string description, TextSource text) {
  auto out = rpc::make_method(
      std::move(name), std::move(description), auth::Permission::cluster_read,
      [text = std::move(text)](const rpc::CallContext&) -> asio::awaitable<rpc::Outcome> { co_return text(); });
  out.idempotent = true;
  out.immediate = true;
  return out;
}

}  // namespace

void add_cluster_routes(net::Router& router, ViewSource view, const Directory& directory, const Clock& clock) {
  add(router, "/cluster/nodes", nodes_text(view, directory, clock));
  add(router, "/cluster/status", status_text(view));
}

rpc::Service cluster_service(ViewSource view, const Directory& directory, const Clock& clock) {
  rpc::Service out;
  out.name = "cluster";
  out.version = P2P_VERSION;
  out.description = "The fleet as this node sees it.";
  out.methods.push_back(
      method("cluster.nodes", "Every node that this one knows of.", nodes_text(view, directory, clock)));
  out.methods.push_back(
      method("cluster.status", "How many nodes there are, by status and by role.", status_text(view)));
  return out;
}

void add_cluster_problems(rpc::Service& service, std::function<std::string()> tell) {
  service.methods.push_back(
      method("cluster.problems", "The nodes that are not well, and why, as the dashboard shows it.", std::move(tell)));
}

}  // namespace p2p::node
