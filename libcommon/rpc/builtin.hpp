// The built-in service `system`: ping, echo, info, metrics, time, config.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "metrics/figures.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/registry.hpp"

namespace p2p::rpc {

/// What passes through a node's server.
struct ServerFigures {
  std::uint64_t open_connections = 0;
  std::uint64_t request_count = 0;  ///< since the start
};

/// What the methods say of their node. `clock` must outlive the registry's use of the service; `started` is of its
/// monotonic time. The functions are asked on any loop and must not block it.
struct SystemFacts {
  Self self;
  const Clock& clock;
  Monotonic started{};
  std::function<boost::asio::awaitable<Result<metrics::Figures>>()> figures;
  std::function<ServerFigures()> server{};
  std::function<boost::asio::awaitable<std::string>()> configuration{};  ///< as of config::effective_values()
};

/// `ping` answers {node_id, time}; `echo` its parameters, byte for byte (null for none); `info` {node_id, role,
/// version, uptime_seconds, hostname, os, kernel, architecture, cpu_count, memory_total_bytes, load}, without the last
/// three where the host's figures are not to be had; `time` {time, unix_seconds}; `metrics` {process, host, server};
/// `config` [{key, value, source, where, live, needs_restart}]. The first two are for every authenticated caller.
Service system_service(SystemFacts given);

}  // namespace p2p::rpc
