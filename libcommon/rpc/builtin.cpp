#include "rpc/builtin.hpp"

#include <sys/utsname.h>

#include <memory>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "metrics/figures.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using std::chrono::duration;

struct Facts : SystemFacts {
  std::string operating_system;
};
using FactsPtr = std::shared_ptr<const Facts>;

constexpr std::size_t kMaxReleaseFileBytes = 64 * 1024;

/// `PRETTY_NAME` of os-release(5); the kernel's name where there is none.
std::string read_operating_system() {
  utsname names{};
  ::uname(&names);
  const std::string kernel = names.sysname;
  const auto text = read_file("/etc/os-release", kMaxReleaseFileBytes);
  if (!text) return kernel;
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (const std::string& line : split(*text, '\n')) {
    if (!line.starts_with(kKey)) continue;
    std::string_view value = std::string_view(line).substr(kKey.size());
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.front() == value.back()) {
      value = value.substr(1, value.size() - 2);
    }
    return escape_controls(value);
  }
  return kernel;
}

double seconds(std::chrono::nanoseconds time) { return duration<double>(time).count(); }

Json host_json(const metrics::HostFigures& host) {
  const auto cpu_seconds = [&](std::uint64_t ticks) { return static_cast<double>(ticks) / host.ticks_per_second; };
  return {{"cpu_count", host.cpu_count},
          {"cpu_seconds",
           {{"user", cpu_seconds(host.cpu.user + host.cpu.nice)},
            {"system", cpu_seconds(host.cpu.system + host.cpu.irq + host.cpu.softirq)},
            {"idle", cpu_seconds(host.cpu.idle)},
            {"iowait", cpu_seconds(host.cpu.iowait)},
            {"steal", cpu_seconds(host.cpu.steal)}}},
          {"memory_total_bytes", host.memory.total_bytes},
          {"memory_available_bytes", host.memory.available_bytes},
          {"load", host.load},
          {"disk_size_bytes", host.disk.size_bytes},
          {"disk_available_bytes", host.disk.available_bytes}};
}

Json process_json(const metrics::ProcessFigures& process, double uptime_seconds) {
  return {{"cpu_seconds", process.cpu_seconds},     {"resident_bytes", process.resident_bytes},
          {"virtual_bytes", process.virtual_bytes}, {"threads", process.thread_count},
          {"open_files", process.descriptor_count}, {"max_open_files", process.max_descriptor_count},
          {"uptime_seconds", uptime_seconds}};
}

asio::awaitable<Outcome> ping(FactsPtr facts) {
  co_return dump_json(Json{{"node_id", facts->self.node_id}, {"time", format_rfc3339(facts->clock.wall())}});
}

asio::awaitable<Outcome> echo(CallContext call) {
  if (call.params.empty()) co_return "null";
  co_return std::move(call.params);
}

asio::awaitable<Outcome> time(FactsPtr facts) {
  const WallTime now = facts->clock.wall();
  co_return dump_json(Json{{"time", format_rfc3339(now)}, {"unix_seconds", seconds(now.time_since_epoch())}});
}

asio::awaitable<Outcome> info(FactsPtr facts) {
  utsname kernel{};
  ::uname(&kernel);
  Json out = {
      {"node_id", facts->self.node_id},
      {"role", pki::to_string(facts->self.role)},
      {"version", P2P_VERSION},
      {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(facts->clock.monotonic() - facts->started).count()},
      {"hostname", kernel.nodename},
      {"os", facts->operating_system},
      {"kernel", kernel.release},
      {"architecture", kernel.machine}};
  auto reading = facts->figures();
  if (const auto now = co_await std::move(reading); now && now->host) {
    out["cpu_count"] = now->host->cpu_count;
    out["memory_total_bytes"] = now->host->memory.total_bytes;
    out["load"] = now->host->load;
  }
  co_return dump_json(out);
}

asio::awaitable<Outcome> figures(FactsPtr facts) {
  auto reading = facts->figures();
  const auto now = co_await std::move(reading);
  if (!now) co_return to_rpc_error(now.error());
  if (!now->process) co_return to_rpc_error(now->process.error());
  if (!now->host) co_return to_rpc_error(now->host.error());
  const double uptime = seconds(facts->clock.monotonic() - facts->started);
  Json out = {{"process", process_json(*now->process, uptime)}, {"host", host_json(*now->host)}};
  if (facts->server) {
    const ServerFigures server = facts->server();
    out["server"] = {{"connections", server.open_connections}, {"requests", server.request_count}};
  }
  co_return dump_json(out);
}

asio::awaitable<Outcome> configuration(FactsPtr facts) {
  auto reading = facts->configuration();
  co_return co_await std::move(reading);
}

using Answer = asio::awaitable<Outcome> (*)(FactsPtr);

Method about(FactsPtr facts, std::string name, std::string description, Answer answer, std::string result_schema) {
  Method method;
  method.name = std::move(name);
  method.description = std::move(description);
  method.idempotent = true;
  method.immediate = true;
  method.result_schema = std::move(result_schema);
  method.handler = [facts = std::move(facts), answer](const CallContext&) { return answer(facts); };
  return method;
}

}  // namespace

Service system_service(SystemFacts given) {
  const FactsPtr facts = std::make_shared<const Facts>(Facts{std::move(given), read_operating_system()});
  Service service{"system", P2P_VERSION, "What every node tells of itself", true, {}};
  Method pinging = about(facts, "system.ping", "Answers at once, with the node's name and clock", ping,
                         R"({"type":"object","required":["node_id","time"]})");
  pinging.permission = auth::Permission::authenticated;
  Method echoing = about(facts, "system.echo", "Answers its parameters unchanged", nullptr, "");
  echoing.permission = auth::Permission::authenticated;
  echoing.handler = [](CallContext call) { return echo(std::move(call)); };
  Method measuring = about(facts, "system.metrics", "Figures of the process and its host", figures,
                           R"({"type":"object","required":["process","host"]})");
  measuring.permission = auth::Permission::metrics_read;
  measuring.immediate = false;
  Method describing =
      about(facts, "system.info", "Name, role, version and machine of the node", info,
            R"({"type":"object","required":["node_id","role","version","uptime_seconds","hostname","os","kernel"]})");
  describing.immediate = false;
  service.methods = {
      std::move(pinging),
      std::move(echoing),
      std::move(describing),
      std::move(measuring),
      about(facts, "system.time", "The node's clock", time, R"({"type":"object","required":["time","unix_seconds"]})"),
  };
  if (facts->configuration) {
    Method telling = about(facts, "system.config", "What the node is configured to do, and where each value came from",
                           configuration, R"({"type":"array"})");
    telling.permission = auth::Permission::admin;
    telling.immediate = false;
    service.methods.push_back(std::move(telling));
  }
  return service;
}

}  // namespace p2p::rpc
