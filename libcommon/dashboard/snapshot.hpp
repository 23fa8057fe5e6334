// What the dashboard shows of the fleet at one moment, as the page gets it: METRICS of p2p-protocol(7). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace p2p::dashboard {

enum class Health : unsigned char { ok, warning, failing };
std::string_view to_string(Health health) noexcept;

struct CertificateState {
  std::string serial;
  WallTime not_before{}, not_after{};
  std::string state;      ///< valid, expiring, expired, revoked
  WallTime revoked_at{};  ///< of a revoked one; 0 where that is not known
  bool operator==(const CertificateState&) const = default;
};

/// Within the last minute.
struct FailingMethod {
  std::string method;  ///< full name
  double share = 0;    ///< of its calls, kFailingCalls to 1
  std::string error;   ///< the last one
  bool operator==(const FailingMethod&) const = default;
};

struct ServiceEntry {
  std::string version;  ///< empty: unknown
  std::string state;    ///< running, starting, stopped, degraded, failed
  std::uint64_t restarts = 0;
  std::optional<double> calls_per_second;
  std::string error{};  ///< why it does not run, with the last that it said; empty: it does, or nothing is known
  bool operator==(const ServiceEntry&) const = default;
};

struct LastError {
  WallTime timestamp{};
  std::string logger_name, message, cursor;
  bool operator==(const LastError&) const = default;
};

/// What is not known is none; sizes are bytes.
struct NodeEntry {
  std::string role, status, version;
  WallTime last_seen{}, started_at{};  ///< 0: never, unknown
  std::vector<std::string> addresses, linked_to;
  std::optional<double> cpu, load1;
  std::optional<std::uint64_t> cores, memory_used, memory_total, disk_used, disk_total, rss;
  std::optional<double> calls_per_second, errors_per_second, call_p99_ms, logs_per_second, log_errors_per_minute;
  std::optional<std::int64_t> clock_offset_ms;
  std::optional<CertificateState> certificate;
  std::map<std::string, ServiceEntry> services;
  std::vector<FailingMethod> failing;  ///< by name, also of services that every node has
  Health health = Health::ok;
  std::vector<std::string> problems;
  std::optional<LastError> last_error;
  std::string disbelief{};  ///< what of its figures cannot be, so that all are left out; said in `problems`
  bool is_refused = false;  ///< its link broke and nobody answered there; said in `problems`
  bool operator==(const NodeEntry&) const = default;
};

struct FleetEntry {
  std::string name, coordinator, version;
  std::map<std::string, std::size_t> nodes;  ///< by status, all four
  std::optional<double> calls_per_second, errors_per_second, call_p50_ms, call_p99_ms, logs_per_second,
      log_errors_per_minute;
  bool logs_stored = true;
  std::vector<std::string> problems;
  bool operator==(const FleetEntry&) const = default;
};

struct Snapshot {
  WallTime now{};
  FleetEntry fleet;
  std::map<std::string, NodeEntry> nodes;
};

/// {method, share, error}, with the full name.
Json to_json(const FailingMethod& failing);
Json to_json(const NodeEntry& node);
Json to_json(const FleetEntry& fleet);

/// `now`, with the figures of `sent` where they are the same but for noise, so that an idle fleet is quiet: a page may
/// be off by 0.02 of a processor, half a percent of a memory, a tenth of a rate. The last time that a node was seen is
/// noise as well.
NodeEntry without_noise(const NodeEntry& sent, NodeEntry now);
FleetEntry without_noise(const FleetEntry& sent, FleetEntry now);

}  // namespace p2p::dashboard
