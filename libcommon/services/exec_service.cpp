#include "services/exec_service.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/json.hpp"
#include "rpc/jsonrpc.hpp"
#include "rpc/schema.hpp"
#include "services/admission.hpp"
#include "services/exec_call.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using rpc::Code;

/// Nothing of the node's own environment but HOME: it may hold passwords.
std::vector<std::string> environment_of(const Manifest& manifest, const NodeFacts& node) {
  const char* home = std::getenv("HOME");
  std::vector<std::string> out = {
      fmt::format("PATH={}", kServicePath),
      fmt::format("HOME={}", home != nullptr ? home : "/"),
      "LANG=C.UTF-8",
      fmt::format("P2P_SERVICE={}", manifest.name),
      fmt::format("P2P_NODE_ID={}", node.node_id),
      fmt::format("P2P_HOME={}", node.home),
  };
  for (const auto& [name, value] : manifest.env) {
    const std::string assignment = name + "=";
    std::erase_if(out, [&](const std::string& given) { return given.starts_with(assignment); });
    out.push_back(assignment + value);
  }
  if (!node.mark.empty()) out.push_back(node.mark);
  return out;
}

/// One method of a service, shared by its calls.
struct ExecMethod {
  ExecMethod(std::string service_name, Command program, const ManifestMethod& method, LogSink& sink)
      : service(std::move(service_name)),
        command(std::move(program)),
        admission(method.max_inflight, kMaxWaitingCalls),
        log(sink) {
    if (!method.params_schema.empty()) schema = rpc::Schema::parse(method.params_schema).value();
  }

  std::string service;
  Command command;
  std::optional<rpc::Schema> schema;
  Admission admission;
  LogSink& log;
};

Result<void> check_params(const ExecMethod& method, const std::string& params) {
  if (!method.schema) return {};
  auto value = parse_json(params.empty() ? "{}" : params);
  if (!value) return value.error();
  return method.schema->check(*value);
}

asio::awaitable<rpc::Outcome> call_method(std::shared_ptr<ExecMethod> method, rpc::CallContext call) {
  if (auto fits = check_params(*method, call.params); !fits) {
    co_return rpc::standard_error(Code::invalid_params, fits.error().context);
  }
  auto permit = co_await method->admission.enter(call.deadline);
  if (!permit) {
    const bool full = permit.error().kind() == Errc::limited;
    co_return rpc::standard_error(full ? Code::overloaded : Code::timeout,
                                  fmt::format("{}: {}", call.method, permit.error().context));
  }
  Command command = method->command;
  command.environment.push_back(fmt::format("P2P_METHOD={}", call.method.substr(call.method.find('.') + 1)));
  co_return co_await run_exec(std::move(command), std::move(call.params), method->service, call.deadline, method->log);
}

}  // namespace

rpc::Service make_exec_service(const ServiceFolder& folder, const NodeFacts& node, LogSink& log) {
  const Manifest& manifest = folder.manifest;
  const Command command{folder.program, manifest.command, environment_of(manifest, node), folder.folder};
  rpc::Service service{manifest.name, manifest.version, manifest.description, false, {}};
  for (const ManifestMethod& declared : manifest.methods) {
    const auto shared = std::make_shared<ExecMethod>(manifest.name, command, declared, log);
    rpc::Method method;
    method.name = manifest.name + "." + declared.name;
    method.description = declared.description;
    method.permission = declared.is_public ? auth::Permission::authenticated : auth::Permission::rpc_call;
    method.idempotent = declared.idempotent;
    method.timeout = declared.timeout;
    method.params_schema = declared.params_schema;
    method.result_schema = declared.result_schema;
    method.handler = [shared](rpc::CallContext call) { return call_method(shared, std::move(call)); };
    service.methods.push_back(std::move(method));
  }
  return service;
}

}  // namespace p2p::services
