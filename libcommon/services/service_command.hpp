// How the program of a service is run: its arguments, folder and environment.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "services/process.hpp"
#include "services/service_folder.hpp"

namespace p2p::services {

/// What a service learns of its node: P2P_NODE_ID, P2P_HOME, P2P_NODE_SOCKET, and the mark of OrphanGuard.
struct NodeFacts {
  std::string node_id;
  std::string home;
  std::string mark{};    ///< NAME=value; may be empty
  std::string socket{};  ///< where this service calls others, see NodeSocket; may be empty
  /// OrphanGuard::sweep; may be empty.
  std::function<void(std::string_view)> sweep{};
};

/// Nothing of the node's own environment but HOME gets in: it may hold passwords.
Command command_of(const ServiceFolder& folder, const NodeFacts& node);

}  // namespace p2p::services
