// JSON-RPC 2.0 (jsonrpc.org/specification) as text: requests and batches sliced into calls, and answers put together.
// Ids and parameters stay the bytes that were sent. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/outcome.hpp"

namespace p2p::rpc {

/// Calls allowed in one batch (DESIGN.md section 7).
inline constexpr std::size_t kMaxBatchCalls = 100;

/// One call; the views point into the request's text.
struct ParsedCall {
  std::string_view id;      ///< JSON text of a string, number or null; empty for a notification
  std::string method;       ///< decoded
  std::string_view params;  ///< JSON text of an array or object; empty when absent
  std::string_view flaw;    ///< why this is an Invalid Request, for people; empty when it is fine

  /// Notifications get none; an Invalid Request always does.
  bool wants_answer() const { return !id.empty() || !flaw.empty(); }
};

struct ParsedRequest {
  bool batch = false;
  std::vector<ParsedCall> calls;
  /// Set when the whole is refused: Parse error, or Invalid Request for `[]`, a batch too long, or no object.
  std::optional<RpcError> error{};
};

ParsedRequest parse_request(std::string_view text);

/// The standard message of the code ("Method not found"), and `detail` as a JSON string in `data`.
RpcError standard_error(Code code, std::string_view detail = {});
std::string_view standard_message(Code code) noexcept;

/// Appends `{"jsonrpc":"2.0","result":…,"id":…}`; an empty id is written as null.
void append_result(std::string& out, std::string_view result, std::string_view id);
void append_error(std::string& out, const RpcError& error, std::string_view id);
void append_outcome(std::string& out, const Outcome& outcome, std::string_view id);
/// `{"code":…,"message":…}` with `data` where there is one.
std::string error_object(const RpcError& error);

/// A request of one call with id 1; empty `params` are left out.
std::string make_request(std::string_view method, std::string_view params);
/// Messages of errors with Code::timeout where it was not time that ran out: the connection broke after the call was
/// sent, or what came back is no answer. For people; the code says what a program must know.
inline constexpr std::string_view kConnectionLost = "Connection lost";
inline constexpr std::string_view kUnusableAnswer = "Unusable answer";

/// Code::timeout with that message and the detail, to which it adds that the outcome is unknown. "Unreachable" would
/// invite the caller to try again what may have run.
RpcError unknown_outcome(std::string_view message, std::string_view detail);

/// What a peer answered, and to which call.
struct ParsedResponse {
  std::string_view id;  ///< JSON text, points into the response; empty when absent
  Outcome outcome;
};
/// `invalid` when it is not a JSON-RPC response.
Result<ParsedResponse> parse_response_with_id(std::string_view text);
/// The same of make_request(): `invalid` also when it is to another call.
Result<Outcome> parse_response(std::string_view text);

}  // namespace p2p::rpc
