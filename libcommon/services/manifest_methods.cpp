#include "services/manifest_methods.hpp"

#include <fmt/format.h>

#include <memory>

#include "rpc/jsonrpc.hpp"
#include "services/admission.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using rpc::Code;

/// One method of a service, shared by its calls.
struct GuardedMethod {
  GuardedMethod(const ManifestMethod& method, rpc::MethodHandler handler)
      : admission(method.max_inflight, kMaxWaitingCalls), run(std::move(handler)) {}

  Admission admission;
  rpc::MethodHandler run;
};

asio::awaitable<rpc::Outcome> call_method(std::shared_ptr<GuardedMethod> method, rpc::CallContext call) {
  auto permit = co_await method->admission.enter(call.deadline);
  if (!permit) {
    const bool full = permit.error().kind() == Errc::limited;
    co_return rpc::standard_error(full ? Code::overloaded : Code::timeout,
                                  fmt::format("{}: {}", call.method, permit.error().context));
  }
  auto running = method->run(std::move(call));
  co_return co_await std::move(running);
}

}  // namespace

rpc::Service make_service(const Manifest& manifest, rpc::MethodHandler run) {
  rpc::Service service{manifest.name, manifest.version, manifest.description, false, {}};
  for (const ManifestMethod& declared : manifest.methods) {
    const auto shared = std::make_shared<GuardedMethod>(declared, run);
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
