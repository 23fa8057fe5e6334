#include "dashboard/problems.hpp"

#include <algorithm>

namespace p2p::dashboard {
namespace {

using std::chrono::milliseconds;

Json entry_json(const std::string& node_id, const NodeEntry& node, WallTime now) {
  constexpr const char* kTold[] = {"role",      "status",      "version", "last_seen", "started_at",
                                   "addresses", "certificate", "health",  "problems"};
  const Json whole = to_json(node);
  Json out = {{"node_id", node_id}, {"failing", Json::array()}, {"last_seen_ms", nullptr}};
  for (const FailingMethod& one : node.failing) out["failing"].push_back(to_json(one));
  for (const char* key : kTold) {
    if (const Json* value = find_member(whole, key)) out[key] = *value;
  }
  if (node.last_seen != WallTime{}) {
    const auto ago = std::chrono::duration_cast<milliseconds>(now - node.last_seen);
    out["last_seen_ms"] = std::max(ago, milliseconds(0)).count();
  }
  return out;
}

}  // namespace

std::string problems_json(const Snapshot& snapshot) {
  Json nodes = Json::array();
  for (const auto& [node_id, node] : snapshot.nodes) {
    if (node.health != Health::ok) nodes.push_back(entry_json(node_id, node, snapshot.now));
  }
  return dump_json({{"fleet", snapshot.fleet.problems}, {"nodes", std::move(nodes)}});
}

}  // namespace p2p::dashboard
