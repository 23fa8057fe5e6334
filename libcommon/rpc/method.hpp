// What a method is: a name, what it needs, and a coroutine from parameters to a result. JSON travels as text, so that
// numbers beyond 2^53 pass through unchanged and nothing is parsed twice.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "auth/permission.hpp"
#include "base/clock.hpp"
#include "base/progress.hpp"
#include "metrics/call_latency.hpp"
#include "rpc/last_failure.hpp"
#include "rpc/method_name.hpp"
#include "rpc/outcome.hpp"

namespace p2p::rpc {

class Schema;

/// One call as a method sees it.
struct CallContext {
  auth::Caller caller;
  std::string method;  ///< `service.method`
  std::string params;  ///< JSON text of an array or object; empty when absent
  Monotonic deadline{};
  ProgressSinkPtr progress{};  ///< for what the method reports before its result; null: nobody wants it
};

/// How calls of a method ended here; any thread. What its caller did wrong is no failure of a method, and nobody but
/// the caller can mend it: it is refused, by the node or by the method itself (is_callers_mistake). A deadline that
/// passed is a failure, whoever set it: a method that hangs shows in nothing else.
struct CallCounts {
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> cancelled{0};  ///< the caller hung up, or had no time left when it began
  metrics::LatencyRecorder latency{};       ///< of those that were done or failed
  LastFailure last_failure{};
};

using MethodHandler = std::function<boost::asio::awaitable<Outcome>(CallContext)>;

struct Method {
  std::string name;  ///< `service.method`
  std::string description;
  auth::Permission permission = auth::Permission::rpc_call;
  bool idempotent = false;
  /// The handler never waits, so that no timer is armed for it.
  bool immediate = false;
  std::chrono::milliseconds timeout{30'000};
  std::string params_schema{};  ///< JSON Schema as text that rpc::Schema accepts, or empty
  std::string result_schema{};
  MethodHandler handler;  ///< gets what fits params_schema, on the loop of the call; must not block
  /// Of the registry, which keeps the counts while the service is replaced, and reads params_schema; null for none.
  std::shared_ptr<CallCounts> counts{};
  std::shared_ptr<const Schema> params{};
};

/// What most methods say; the rest can be set afterwards.
inline Method make_method(std::string name, std::string description, auth::Permission permission, MethodHandler handler,
                          std::string params_schema = {}) {
  Method out;
  out.name = std::move(name);
  out.description = std::move(description);
  out.permission = permission;
  out.params_schema = std::move(params_schema);
  out.handler = std::move(handler);
  return out;
}

}  // namespace p2p::rpc
