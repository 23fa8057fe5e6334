// How a call ends: a result or an error of JSON-RPC 2.0, both as JSON text. Pure.
#pragma once

#include <boost/system/result.hpp>
#include <string>

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

/// True for what the caller can mend and the method cannot: a method, target or parameters that do not exist or do not
/// fit, a right that is missing.
bool is_callers_mistake(Code code) noexcept;

struct RpcError {
  Code code = Code::internal_error;
  std::string message;
  std::string data{};  ///< JSON text, or empty for none
};

/// The code that fits the error's kind; its context becomes the message. What the system refused is never the caller's
/// mistake.
RpcError to_rpc_error(const Error& error);

/// The result as JSON text, never empty (`null` for nothing).
using Outcome = boost::system::result<std::string, RpcError>;
[[noreturn]] void throw_exception_from_error(const RpcError& error, const boost::source_location& where);

}  // namespace p2p::rpc
