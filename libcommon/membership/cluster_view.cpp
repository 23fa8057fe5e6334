#include "membership/cluster_view.hpp"

#include <algorithm>

#include "base/rfc3339.hpp"
#include "membership/registry.hpp"

namespace p2p::membership {
namespace {

Json to_json(const NodeView& node, bool is_self, WallTime now) {
  const Record& record = *node.record;
  Json services = Json::array();
  for (const auto& service : record.services) {
    services.push_back({{"name", service.name}, {"version", service.version}});
  }
  Json out = {{"node_id", record.node_id},
              {"role", pki::to_string(node.role)},
              {"status", to_string(node.status)},
              {"version", record.version},
              {"addresses", record.addresses},
              {"services", std::move(services)},
              {"incarnation", record.incarnation},
              {"started_at", format_rfc3339(record.started_at, 3)},
              {"last_seen", nullptr},
              {"last_seen_ms", nullptr},
              {"link", node.linked},
              {"dialable", nullptr}};
  if (node.dialable) out["dialable"] = *node.dialable;
  if (node.last_seen != WallTime{}) {
    const WallTime seen = is_self ? now : std::min(node.last_seen, now);
    out["last_seen"] = format_rfc3339(seen, 3);
    out["last_seen_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(now - seen).count();
  }
  return out;
}

}  // namespace

const NodeView* ClusterView::find(std::string_view node_id) const {
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node_id,
                                   [](const NodeView& node, std::string_view id) { return node.node_id() < id; });
  return at != nodes.end() && at->node_id() == node_id ? &*at : nullptr;
}

ClusterViewPtr make_view(const Registry& registry) {
  auto out = std::make_shared<ClusterView>();
  out->self_id = registry.self_id();
  out->nodes.reserve(registry.nodes().size());
  for (const auto& [node_id, node] : registry.nodes()) {
    out->nodes.push_back({std::shared_ptr<const Record>(node.checked, &node.checked->record),
                          std::shared_ptr<const SignerCertificate>(node.checked, &node.checked->signer),
                          node.checked->role, node.status, node.last_seen, node.linked, node.dialable,
                          node.refused_at.has_value()});
  }
  return out;
}

Json to_json(const ClusterView& view, WallTime now) {
  Json out = Json::array();
  for (const NodeView& node : view.nodes) out.push_back(to_json(node, node.node_id() == view.self_id, now));
  return out;
}

}  // namespace p2p::membership
