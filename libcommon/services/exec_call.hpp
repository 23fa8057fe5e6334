// Protocol `exec`: one process a call. Parameters arrive as JSON on stdin and as P2P_PARAM_*; JSON, or else text, on
// stdout is the result; stderr goes to the log; a non-zero exit is an error with the last of stderr.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "base/log_sink.hpp"
#include "rpc/method.hpp"
#include "services/process_watch.hpp"

namespace p2p::services {

inline constexpr std::size_t kMaxResultBytes = 1 << 20;
inline constexpr std::size_t kMaxErrorTailBytes = 4096;

/// Gets the names of variables, with blanks between them.
using LeftOutHook = std::function<void(const std::string& variables)>;

/// Runs `command` with `params` (JSON text) on stdin until it exits or `deadline` passes. Ended early (deadline, too
/// much output, cancellation), its group gets SIGTERM and after kTerminateGrace SIGKILL; the answer comes then.
/// Parameters that no variable can hold are named in P2P_PARAMS_LEFT_OUT, and `on_left_out` is told of them.
/// With `progress`, lines that it writes to kProgressDescriptor go there, JSON or else as a text.
/// `service` names it in messages and in the log (`Service.<service>`). It changes how its coroutine thread reacts to
/// cancellation, so it gets one of its own (co_spawn, rpc::with_deadline).
boost::asio::awaitable<rpc::Outcome> run_exec(Command command, std::string params, std::string service,
                                              Monotonic deadline, LogSink& log, ProgressSinkPtr progress = {},
                                              LeftOutHook on_left_out = {});

}  // namespace p2p::services
