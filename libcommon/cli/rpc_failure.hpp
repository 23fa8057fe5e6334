// What errors of calls mean to a person: exit code, message, hint. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "cli/failure.hpp"
#include "rpc/outcome.hpp"

namespace p2p::cli {

/// The hint where more time may help.
inline constexpr char kWaitLonger[] = "wait longer with --timeout";

/// `message` is the error's: it tells a call whose connection broke from one that took too long.
int exit_code_of(rpc::Code code, std::string_view message = {}) noexcept;
Failure failure_of(const rpc::RpcError& error);
/// An error's message with what its `data` (JSON, or empty) adds: a text, or the last lines of a service's stderr.
std::string message_of(std::string_view message, std::string_view data_json);
/// Of an error object as a broadcast lists it.
std::string message_of(const Json& error);

/// An HTTP answer other than 200: the problem's `detail` (RFC 9457), else the status.
Failure failure_of_status(unsigned status, std::string_view body);

/// How a broadcast went, when it is enough that `min_success` nodes did what they were to do: done, kPartial where it
/// were fewer, or as below where it was none.
Attempt<void> judge_broadcast(std::string_view json, std::size_t min_success);
/// How a broadcast went, from its JSON text: done when all answered; kPartial when some failed; when all failed the
/// code that they have in common, else kFailed; kNotFound when there was nobody.
Attempt<void> judge_broadcast(std::string_view json);

}  // namespace p2p::cli
