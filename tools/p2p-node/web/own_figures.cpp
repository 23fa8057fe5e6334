#include "own_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "cli/rpc_failure.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kTellInterval{1};

using metrics::HostStat;

std::uint64_t idle_ticks(const HostStat& stat) { return stat.idle + stat.iowait; }
std::uint64_t all_ticks(const HostStat& stat) {
  return idle_ticks(stat) + stat.user + stat.nice + stat.system + stat.irq + stat.softirq + stat.steal;
}

metrics::Share used_of(std::uint64_t total, std::uint64_t available) {
  return {total - std::min(available, total), total};
}

/// As `p2p-ctl call` says it, with what kind of error it is: a service has codes of its own.
std::string text_of(const rpc::RpcError& error) {
  const std::string text = cli::message_of(error.message, error.data);
  const std::string_view kind = rpc::standard_message(error.code);
  constexpr int kReservedFirst = -32768, kReservedLast = -32000;
  const int code = static_cast<int>(error.code);
  if (code < kReservedFirst || code > kReservedLast) return fmt::format("code {}: {}", code, text);
  const bool is_said = error.code == rpc::Code::service_failed || text.starts_with(kind);
  return is_said ? text : fmt::format("{}: {}", kind, text);
}

}  // namespace

void OwnFigures::add_system(metrics::NodeFigures& out, const metrics::Figures& now) {
  if (now.process) out.rss = now.process->resident_bytes;
  if (!now.host) return;
  const metrics::HostFigures& host = *now.host;
  out.load1 = host.load[0];
  out.cores = host.cpu_count;
  out.memory = used_of(host.memory.total_bytes, host.memory.available_bytes);
  out.disk = used_of(host.disk.size_bytes, host.disk.available_bytes);
  if (before_ && all_ticks(host.cpu) > all_ticks(*before_)) {
    const auto all = static_cast<double>(all_ticks(host.cpu) - all_ticks(*before_));
    const auto idle = static_cast<double>(idle_ticks(host.cpu)) - static_cast<double>(idle_ticks(*before_));
    out.cpu = std::clamp(1 - idle / all, 0.0, 1.0);
  }
  before_ = host.cpu;
}

void OwnFigures::add_services(metrics::NodeFigures& out) const {
  std::map<std::string, metrics::ServiceFigures> services;
  for (const auto& service : *parts_.services.view()) {
    // Two folders may claim one name: the one that runs is it.
    metrics::ServiceFigures& entry = services[service.name];
    if (!entry.name.empty() && service.state == services::ServiceState::error) continue;
    entry = {service.name, std::string(services::to_string(service.state)), service.restart_count, 0, {},
             service.error};
    // A manifest without a version counts as "0".
    if (service.manifest && service.manifest->version != "0") entry.version = service.manifest->version;
  }
  for (auto& [name, service] : services) out.services.push_back(std::move(service));
}

void OwnFigures::add_calls(metrics::NodeFigures& out) {
  const auto registry = parts_.registry.snapshot();
  std::vector<metrics::MethodCounts> counted;
  for (const auto& [name, service] : registry->services) {
    std::uint64_t calls = 0;
    for (const rpc::Method& method : service->methods) {
      const std::uint64_t failed = method.counts->failed.load(std::memory_order_relaxed);
      const std::uint64_t ran = failed + method.counts->done.load(std::memory_order_relaxed);
      counted.push_back({method.name, ran, failed});
      calls += ran;
      out.errors += failed;
      method.counts->latency.add_to(out.latency);
    }
    out.calls += calls;
    const auto of = std::ranges::find(out.services, name, &metrics::ServiceFigures::name);
    if (of != out.services.end()) of->calls = calls;
  }
  out.failing = failures_.add(std::chrono::steady_clock::now(), counted);
  for (auto& failing : out.failing) {
    const auto error = registry->find(failing.method)->counts->last_failure.get();
    if (error) failing.error = text_of(*error);
  }
}

asio::awaitable<metrics::NodeFigures> OwnFigures::read() {
  metrics::NodeFigures out;
  auto reading = parts_.reading.read();
  const auto now = co_await std::move(reading);
  if (now) add_system(out, *now);
  add_services(out);
  add_calls(out);
  co_return out;
}

asio::awaitable<void> OwnFigures::tell(std::function<void(metrics::NodeFigures)> take) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    auto reading = read();
    auto figures = co_await std::move(reading);
    take(std::move(figures));
    timer.expires_after(kTellInterval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace p2p::node
