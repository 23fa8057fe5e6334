// What a method is: a name, what it needs, and a coroutine from parameters to a result. JSON travels as text, so that
// numbers beyond 2^53 pass through unchanged and nothing is parsed twice.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "auth/permission.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::rpc {

/// JSON-RPC 2.0 codes and those of DESIGN.md section 7.
enum class Code : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  service_failed = -32000,
  no_such_target = -32001,
  timeout = -32002,  ///< the outcome is unknown
  overloaded = -32003,
  not_permitted = -32004,
  breaker_open = -32005,
  unreachable = -32006,
};

struct RpcError {
  Code code = Code::internal_error;
  std::string message;
  std::string data{};  ///< JSON text, or empty for none
};

/// The code that fits the error's kind; its context becomes the message.
RpcError to_rpc_error(const Error& error);

/// The result as JSON text, never empty (`null` for nothing).
using Outcome = boost::system::result<std::string, RpcError>;
[[noreturn]] void throw_exception_from_error(const RpcError& error, const boost::source_location& where);

/// One call as a method sees it.
struct CallContext {
  auth::Caller caller;
  std::string method;  ///< `service.method`
  std::string params;  ///< JSON text of an array or object; empty when absent
  Monotonic deadline{};
};

using MethodHandler = std::function<boost::asio::awaitable<Outcome>(CallContext)>;

struct Method {
  std::string name;  ///< `service.method`
  std::string description;
  auth::Permission permission = auth::Permission::rpc_call;
  bool idempotent = false;
  std::chrono::milliseconds timeout{30'000};
  std::string params_schema{};  ///< JSON Schema as text, or empty
  std::string result_schema{};
  MethodHandler handler;  ///< runs on the loop of the call; must not block
};

}  // namespace p2p::rpc
