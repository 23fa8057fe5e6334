// What a node thinks of another: judged locally, never adopted from others.
#pragma once

#include <optional>
#include <string_view>

namespace p2p::membership {

enum class NodeStatus : unsigned char {
  alive,      ///< its heartbeat or incarnation rose lately
  suspected,  ///< nothing rose for a while, its link broke and nobody answers there, or no sign of life was heard yet
  dead,       ///< twice as long
  left,       ///< said goodbye
};

/// `alive`, `suspected`, `dead`, `left`.
std::string_view to_string(NodeStatus status) noexcept;
std::optional<NodeStatus> parse_node_status(std::string_view text) noexcept;

}  // namespace p2p::membership
