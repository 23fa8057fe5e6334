// The built-in service `system`: ping, echo, info, metrics, time, config.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/registry.hpp"

namespace p2p::rpc {

/// What passes through a node's server.
struct ServerFigures {
  std::uint64_t open_connections = 0;
  std::uint64_t request_count = 0;  ///< since the start
};

/// What the methods say of their node. `clock` must outlive the registry's use of the service; `started` is of its
/// monotonic time; `home` is the folder whose file system is shown. What the functions give may be asked on any loop.
struct SystemFacts {
  Self self;
  const Clock& clock;
  Monotonic started{};
  std::filesystem::path home;
  std::function<ServerFigures()> server{};
  std::function<boost::asio::awaitable<std::string>()> configuration{};  ///< as of config::effective_values()
};

/// `ping` answers {node_id, time}; `echo` its parameters, byte for byte (null for none); `info` {node_id, role,
/// version, uptime_seconds, hostname, os, kernel, architecture, cpu_count, memory_total_bytes, load}; `time` {time,
/// unix_seconds}; `metrics` {process, host, server}; `config` [{key, value, source, where, live, needs_restart}]. The
/// first two are for every authenticated caller.
Service system_service(SystemFacts facts);

}  // namespace p2p::rpc
