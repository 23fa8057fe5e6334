// `service.yaml`: what a service is called, how its program is run, and which methods it has (DESIGN.md section 8).
// Pure.
//
//   name: disk                     # letters, digits, - and _
//   version: 1.0.0
//   description: Free space of the file systems
//   command: [./disk.sh]           # argv, no shell; a path with / is relative to the folder
//   protocol: exec                 # or stdio
//   env: {LC_ALL: C}
//   methods:
//     - name: usage                # called as disk.usage
//       description: Size, used and free bytes
//       params: {type: object, properties: {path: {type: string}}, additionalProperties: false}
//       result: {type: array}
//       public: false              # true: any authenticated caller, workers included
//       idempotent: true           # may be run again when the first answer was lost
//       timeout: 10s
//       max_inflight: 8
//   instances: 1                   # these three are for stdio
//   health: {interval: 10s, timeout: 5s, failures: 3}
//   restart: {delay: 100ms, max_delay: 30s, reset_after: 60s, degraded_after: 5, degraded_within: 60s}
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace p2p::services {

inline constexpr std::size_t kMaxManifestBytes = 256 * 1024;
inline constexpr std::size_t kMaxMethods = 256;
inline constexpr std::size_t kMaxArguments = 64;
inline constexpr std::size_t kMaxEnvironment = 64;
inline constexpr std::size_t kMaxTextBytes = 4096;
inline constexpr std::uint64_t kMaxInflight = 1024;
inline constexpr std::uint64_t kMaxInstances = 64;
/// The request with which protocol stdio begins; no method may be called so there.
inline constexpr char kInitializeMethod[] = "initialize";
inline constexpr std::chrono::milliseconds kMaxMethodTimeout{3'600'000};

enum class Protocol : unsigned char { exec, stdio };
std::string_view to_string(Protocol protocol) noexcept;

struct ManifestMethod {
  std::string name;  ///< without the service's name
  std::string description{};
  std::string params_schema{};  ///< JSON text, or empty; rpc::Schema has accepted it
  std::string result_schema{};  ///< JSON text, or empty; a note for readers
  bool is_public = false;
  bool idempotent = false;
  std::chrono::milliseconds timeout{30'000};
  std::uint64_t max_inflight = 8;
};

/// How a long-lived process is asked whether it still serves.
struct Health {
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds timeout{5'000};
  std::uint64_t failures = 3;
};

/// How a long-lived process that died is started again.
struct Restart {
  std::chrono::milliseconds delay{100};
  std::chrono::milliseconds max_delay{30'000};
  std::chrono::milliseconds reset_after{60'000};
  std::uint64_t degraded_after = 5;
  std::chrono::milliseconds degraded_within{60'000};
};

struct Manifest {
  std::string name;
  std::string version = "0";
  std::string description{};
  std::vector<std::string> command;
  Protocol protocol = Protocol::exec;
  std::vector<std::pair<std::string, std::string>> env{};
  std::vector<ManifestMethod> methods;
  std::uint64_t instances = 1;
  Health health{};
  Restart restart{};
};

/// `invalid` with `file:line:column`, the key, and the nearest known one where a key is not known. `file` is only for
/// that message.
Result<Manifest> parse_manifest(std::string_view text, std::string_view file);

}  // namespace p2p::services
