#include "membership/status.hpp"

namespace p2p::membership {

std::string_view to_string(NodeStatus status) noexcept {
  switch (status) {
    case NodeStatus::alive: return "alive";
    case NodeStatus::suspected: return "suspected";
    case NodeStatus::dead: return "dead";
    case NodeStatus::left: return "left";
  }
  return "dead";
}

std::optional<NodeStatus> parse_node_status(std::string_view text) noexcept {
  for (const auto status : {NodeStatus::alive, NodeStatus::suspected, NodeStatus::dead, NodeStatus::left}) {
    if (text == to_string(status)) return status;
  }
  return std::nullopt;
}

}  // namespace p2p::membership
