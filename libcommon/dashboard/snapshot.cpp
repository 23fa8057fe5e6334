#include "dashboard/snapshot.hpp"

#include <algorithm>
#include <cmath>

#include "base/rfc3339.hpp"
#include "rpc/method_name.hpp"

namespace p2p::dashboard {
namespace {

constexpr int kDateDigits = 3;

/// Four digits are what a page can show.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 3);
  return std::round(value / unit) * unit;
}

void put(Json& out, const char* key, const std::optional<double>& value) {
  if (value) out[key] = rounded(*value);
}
template <class Number>
void put(Json& out, const char* key, const std::optional<Number>& value) {
  if (value) out[key] = *value;
}
void put(Json& out, const char* key, WallTime time) {
  if (time != WallTime{}) out[key] = format_rfc3339(time, kDateDigits);
}

template <class Number>
void keep(const std::optional<Number>& sent, std::optional<Number>& now, double noise) {
  if (sent && now && std::abs(static_cast<double>(*now) - static_cast<double>(*sent)) < noise) now = sent;
}
/// A rate, or a time that calls took.
void keep_rate(const std::optional<double>& sent, std::optional<double>& now) {
  constexpr double kLeast = 0.05, kPart = 0.1;
  // What has come to rest is shown at rest.
  if (now && *now == 0) return;
  if (sent) keep(sent, now, std::max(kLeast, kPart * *sent));
}

double part_of(const std::optional<std::uint64_t>& total, double part) {
  return part * static_cast<double>(total.value_or(0));
}

Json failing_of(const std::vector<FailingMethod>& failing, std::string_view service) {
  Json out = Json::array();
  for (const FailingMethod& one : failing) {
    if (rpc::service_of(one.method) != service) continue;
    out.push_back(to_json(one));
    out.back()["method"] = rpc::bare_method(one.method);
  }
  return out;
}

}  // namespace

std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::ok: return "ok";
    case Health::warning: return "warning";
    case Health::failing: return "failing";
  }
  return "failing";
}

Json to_json(const FailingMethod& failing) {
  return {{"method", failing.method}, {"share", rounded(failing.share)}, {"error", failing.error}};
}

Json to_json(const NodeEntry& node) {
  Json out = {{"role", node.role},           {"status", node.status},      {"addresses", node.addresses},
              {"linked_to", node.linked_to}, {"services", Json::object()}, {"health", to_string(node.health)},
              {"problems", node.problems}};
  if (!node.version.empty()) out["version"] = node.version;
  put(out, "last_seen", node.last_seen);
  put(out, "started_at", node.started_at);
  put(out, "cpu", node.cpu);
  put(out, "load1", node.load1);
  put(out, "cores", node.cores);
  put(out, "memory_used", node.memory_used);
  put(out, "memory_total", node.memory_total);
  put(out, "disk_used", node.disk_used);
  put(out, "disk_total", node.disk_total);
  put(out, "rss", node.rss);
  put(out, "calls_per_second", node.calls_per_second);
  put(out, "errors_per_second", node.errors_per_second);
  put(out, "call_p99_ms", node.call_p99_ms);
  put(out, "logs_per_second", node.logs_per_second);
  put(out, "log_errors_per_minute", node.log_errors_per_minute);
  put(out, "clock_offset_ms", node.clock_offset_ms);
  if (node.certificate) {
    Json& certificate = out["certificate"] = {{"serial", node.certificate->serial}, {"state", node.certificate->state}};
    put(certificate, "not_before", node.certificate->not_before);
    put(certificate, "not_after", node.certificate->not_after);
    put(certificate, "revoked_at", node.certificate->revoked_at);
  }
  for (const auto& [name, service] : node.services) {
    Json& entry = out["services"][name] = {{"state", service.state}, {"restarts", service.restarts}};
    if (!service.version.empty()) entry["version"] = service.version;
    put(entry, "calls_per_second", service.calls_per_second);
    if (!service.error.empty()) entry["error"] = service.error;
    if (Json failing = failing_of(node.failing, name); !failing.empty()) entry["failing"] = std::move(failing);
  }
  if (node.last_error) {
    out["last_error"] = {{"timestamp", format_rfc3339(node.last_error->timestamp)},
                         {"logger_name", node.last_error->logger_name},
                         {"message", node.last_error->message},
                         {"cursor", node.last_error->cursor}};
  }
  return out;
}

Json to_json(const FleetEntry& fleet) {
  Json out = {{"name", fleet.name},   {"coordinator", fleet.coordinator}, {"version", fleet.version},
              {"nodes", fleet.nodes}, {"logs_stored", fleet.logs_stored}, {"problems", fleet.problems}};
  put(out, "calls_per_second", fleet.calls_per_second);
  put(out, "errors_per_second", fleet.errors_per_second);
  put(out, "call_p50_ms", fleet.call_p50_ms);
  put(out, "call_p99_ms", fleet.call_p99_ms);
  put(out, "logs_per_second", fleet.logs_per_second);
  put(out, "log_errors_per_minute", fleet.log_errors_per_minute);
  return out;
}

NodeEntry without_noise(const NodeEntry& sent, NodeEntry now) {
  constexpr double kCpu = 0.02, kLoad = 0.1, kMemory = 0.005, kDisk = 0.001, kResident = 0.02, kClockMs = 50,
                   kShare = 0.1;
  now.last_seen = sent.last_seen;
  keep(sent.cpu, now.cpu, kCpu);
  keep(sent.load1, now.load1, kLoad);
  keep(sent.memory_used, now.memory_used, part_of(now.memory_total, kMemory));
  keep(sent.disk_used, now.disk_used, part_of(now.disk_total, kDisk));
  keep(sent.rss, now.rss, part_of(sent.rss, kResident));
  keep(sent.clock_offset_ms, now.clock_offset_ms, kClockMs);
  keep_rate(sent.calls_per_second, now.calls_per_second);
  keep_rate(sent.errors_per_second, now.errors_per_second);
  keep_rate(sent.call_p99_ms, now.call_p99_ms);
  keep_rate(sent.logs_per_second, now.logs_per_second);
  keep_rate(sent.log_errors_per_minute, now.log_errors_per_minute);
  for (auto& [name, service] : now.services) {
    const auto before = sent.services.find(name);
    if (before != sent.services.end()) keep_rate(before->second.calls_per_second, service.calls_per_second);
  }
  for (FailingMethod& failing : now.failing) {
    const auto before = std::ranges::find(sent.failing, failing.method, &FailingMethod::method);
    if (before != sent.failing.end() && std::abs(failing.share - before->share) < kShare) failing.share = before->share;
  }
  return now;
}

FleetEntry without_noise(const FleetEntry& sent, FleetEntry now) {
  keep_rate(sent.calls_per_second, now.calls_per_second);
  keep_rate(sent.errors_per_second, now.errors_per_second);
  keep_rate(sent.call_p50_ms, now.call_p50_ms);
  keep_rate(sent.call_p99_ms, now.call_p99_ms);
  keep_rate(sent.logs_per_second, now.logs_per_second);
  keep_rate(sent.log_errors_per_minute, now.log_errors_per_minute);
  return now;
}

}  // namespace p2p::dashboard
