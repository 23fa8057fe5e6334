#include "pki/fleet_trust.hpp"

#include <algorithm>

#include "base/rfc3339.hpp"

namespace p2p::pki {
namespace {

Error bad_fleet_trust() { return {Errc::damaged, "not a coordinator's report of what its nodes trust"}; }

Result<NodeTrust> read_node_trust(const Json& entry) {
  const std::string* node_id = find_string(entry, "node_id");
  const std::string* status = find_string(entry, "status");
  const std::string* issuer = find_string(entry, "issuer");
  const Json* trusts = find_member(entry, "trusts");
  if (node_id == nullptr || status == nullptr || issuer == nullptr || trusts == nullptr || !trusts->is_array()) {
    return bad_fleet_trust();
  }
  NodeTrust out{*node_id, *status, {}, *issuer};
  for (const Json& key_id : *trusts) {
    if (!key_id.is_string()) return bad_fleet_trust();
    out.trusts.push_back(key_id.get<std::string>());
  }
  return out;
}

}  // namespace

bool NodeTrust::does_trust(std::string_view key_id) const {
  return std::find(trusts.begin(), trusts.end(), key_id) != trusts.end();
}

Json to_json(const FleetTrust& fleet) {
  Json nodes = Json::array();
  for (const auto& node : fleet.nodes) {
    nodes.push_back(
        {{"node_id", node.node_id}, {"status", node.status}, {"trusts", node.trusts}, {"issuer", node.issuer}});
  }
  return {{"at", format_rfc3339(fleet.at, 0)}, {"nodes", std::move(nodes)}};
}

Result<FleetTrust> parse_fleet_trust(std::string_view text) {
  const auto document = parse_json(text);
  if (!document) return bad_fleet_trust();
  const std::string* at = find_string(*document, "at");
  const Json* nodes = find_member(*document, "nodes");
  if (at == nullptr || nodes == nullptr || !nodes->is_array()) return bad_fleet_trust();
  const auto time = parse_rfc3339(*at);
  if (!time) return bad_fleet_trust();
  FleetTrust out{*time, {}};
  for (const Json& entry : *nodes) {
    auto node = read_node_trust(entry);
    if (!node) return node.error();
    out.nodes.push_back(std::move(*node));
  }
  return out;
}

}  // namespace p2p::pki
