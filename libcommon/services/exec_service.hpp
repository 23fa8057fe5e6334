// A loaded service of protocol `exec` as the registry wants it.
#pragma once

#include "base/log_sink.hpp"
#include "rpc/registry.hpp"
#include "services/service_command.hpp"

namespace p2p::services {

/// The handlers own what they need but `log`.
rpc::Service make_exec_service(const ServiceFolder& folder, const NodeFacts& node, LogSink& log);

}  // namespace p2p::services
