// What a node tells its coordinator of itself each second, over the link that it keeps. Pure.
//
// On the wire it is CBOR, a map: {"cpu": share, "load1": n, "cores": n, "memory": [used, total], "disk": [used, total],
// "rss": bytes, "calls": n, "errors": n, "latency": [counts of call_latency.hpp, without zeros at the end],
// "services": [[name, state, restarts, calls, version, trouble], …], "failing": [[method, calls, failed, error], …]};
// version and trouble may be left out. Counts are since the node's start, those of "failing" of a minute: the last one,
// or that in which the method was called last. What is not known is absent; members that this version does not know are
// skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "metrics/call_latency.hpp"

namespace p2p::metrics {

inline constexpr std::size_t kMaxFiguresBytes = 64 << 10;
inline constexpr std::size_t kMaxFiguresServices = 256;
/// Of one service, and of all together; what is longer is cut, or left out.
inline constexpr std::size_t kMaxFiguresTrouble = 240, kMaxFiguresTroubles = 16 << 10;

/// The methods that fail the largest part of their calls, and of each its last error, cut.
inline constexpr std::size_t kMaxFiguresFailing = 4, kMaxFiguresMethod = 128, kMaxFiguresError = 240;

struct ServiceFigures {
  std::string name;
  std::string state;  ///< as of services::to_string(ServiceState)
  std::uint64_t restarts = 0;
  std::uint64_t calls = 0;
  std::string version{};  ///< empty: unknown
  std::string trouble{};  ///< why it does not run, UTF-8 without control characters; empty where it does
  bool operator==(const ServiceFigures&) const = default;
};

struct Share {
  std::uint64_t used = 0, total = 0;
  bool operator==(const Share&) const = default;
};

/// Within a minute (failure_window.hpp).
struct FailingMethod {
  std::string method;        ///< full name
  std::uint64_t calls = 0;   ///< 1 or more
  std::uint64_t failed = 0;  ///< 1 to `calls`
  std::string error{};       ///< the last one, UTF-8 without control characters
  bool operator==(const FailingMethod&) const = default;
};

struct NodeFigures {
  std::optional<double> cpu;    ///< busy share of all processors since the message before, 0 to 1
  std::optional<double> load1;  ///< load average over a minute
  std::optional<std::uint64_t> cores;
  std::optional<Share> memory, disk;  ///< bytes
  std::optional<std::uint64_t> rss;   ///< bytes of the node's process
  std::uint64_t calls = 0, errors = 0;
  LatencyCounts latency{};
  std::vector<ServiceFigures> services;  ///< external ones, by name
  std::vector<FailingMethod> failing;    ///< the largest part first
  bool operator==(const NodeFigures&) const = default;
};

std::string encode_figures(const NodeFigures& figures);
/// `invalid` for what is no map, is larger than kMaxFiguresBytes, or has a member of a wrong form.
Result<NodeFigures> decode_figures(std::string_view payload);

}  // namespace p2p::metrics
