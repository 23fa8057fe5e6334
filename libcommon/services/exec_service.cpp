#include "services/exec_service.hpp"

#include <atomic>
#include <chrono>
#include <memory>

#include "services/exec_call.hpp"
#include "services/manifest_methods.hpp"

namespace p2p::services {

namespace {

/// Tells a service's log, at most once in kPause, of parameters that its program has on stdin alone. From any thread.
class LeftOutWarning {
 public:
  LeftOutWarning(const std::string& service, LogSink& log) : log_(log, "Service." + service) {}

  void operator()(const std::string& method, const std::string& variables) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    auto next = next_.load();
    if (now < next || !next_.compare_exchange_strong(next, now + kPause)) return;
    log_.warning("{}: too large for a variable, or with a NUL, and on standard input alone: {}", method, variables);
  }

 private:
  static constexpr std::chrono::seconds kPause{10};

  Logger log_;
  std::atomic<std::chrono::steady_clock::duration> next_{std::chrono::steady_clock::duration::min()};
};

}  // namespace

rpc::Service make_exec_service(const ServiceFolder& folder, const NodeFacts& node, LogSink& log) {
  const auto base = std::make_shared<const Command>(command_of(folder, node));
  const auto warning = std::make_shared<LeftOutWarning>(folder.manifest.name, log);
  return make_service(folder.manifest, [base, warning, name = folder.manifest.name, &log](rpc::CallContext call) {
    Command command = *base;
    std::string method(rpc::bare_method(call.method));
    command.environment.push_back("P2P_METHOD=" + method);
    command.environment.push_back("P2P_CALLER=" + auth::caller_name(call.caller));
    return run_exec(
        std::move(command), std::move(call.params), name, call.deadline, log, std::move(call.progress),
        [warning, method = std::move(method)](const std::string& variables) { (*warning)(method, variables); });
  });
}

}  // namespace p2p::services
