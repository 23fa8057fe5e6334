// A loaded service of protocol `exec` as the registry wants it: a method each, with its schema, limits and program.
#pragma once

#include <string>

#include "base/log_sink.hpp"
#include "rpc/registry.hpp"
#include "services/service_folder.hpp"

namespace p2p::services {

/// Calls of one method that wait for their turn when max_inflight are running.
inline constexpr std::size_t kMaxWaitingCalls = 64;

/// What every service learns of its node: P2P_NODE_ID and P2P_HOME, and the mark of OrphanGuard.
struct NodeFacts {
  std::string node_id;
  std::string home;
  std::string mark{};  ///< NAME=value; may be empty
};

/// The handlers own what they need but `log`, so that calls under way survive a reload.
rpc::Service make_exec_service(const ServiceFolder& folder, const NodeFacts& node, LogSink& log);

}  // namespace p2p::services
