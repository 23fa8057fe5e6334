// The built-in service `system`: ping, echo, info, metrics, time.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "rpc/forwarder.hpp"
#include "rpc/registry.hpp"

namespace p2p::rpc {

/// What the methods say of their node. `clock` must outlive the registry's use of the service; `started` is of its
/// monotonic time; `home` is the folder whose file system is shown.
struct SystemFacts {
  Self self;
  const Clock& clock;
  Monotonic started{};
  std::filesystem::path home;
};

/// `ping` answers {node_id, time}; `echo` its parameters, byte for byte (null for none); `info` {node_id, role,
/// version, uptime_seconds, hostname, os, kernel, architecture, cpu_count, memory_total_bytes, load}; `time` {time,
/// unix_seconds}; `metrics` {process, host}. The first two are for every authenticated caller.
Service system_service(SystemFacts facts);

}  // namespace p2p::rpc
