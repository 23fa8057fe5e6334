#include "services/exec_service.hpp"

#include <fmt/format.h>

#include <memory>

#include "services/exec_call.hpp"
#include "services/manifest_methods.hpp"

namespace p2p::services {

rpc::Service make_exec_service(const ServiceFolder& folder, const NodeFacts& node, LogSink& log) {
  const auto base = std::make_shared<const Command>(command_of(folder, node));
  return make_service(folder.manifest, [base, name = folder.manifest.name, &log](rpc::CallContext call) {
    Command command = *base;
    command.environment.push_back(fmt::format("P2P_METHOD={}", rpc::bare_method(call.method)));
    command.environment.push_back("P2P_CALLER=" + auth::caller_name(call.caller));
    return run_exec(std::move(command), std::move(call.params), name, call.deadline, log, std::move(call.progress));
  });
}

}  // namespace p2p::services
