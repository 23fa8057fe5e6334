// Coroutines with an end: a call against its deadline, and many at once with a bound.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "rpc/method.hpp"

namespace p2p::rpc {

/// Runs `work` until `deadline`, then cancels it, waits for it to stop, and answers Code::timeout. An exception of
/// `work` passes through.
boost::asio::awaitable<Outcome> with_deadline(boost::asio::awaitable<Outcome> work, Monotonic deadline);

/// Runs all tasks on the caller's executor, at most `limit` at a time, and returns when all have ended. Tasks must not
/// throw; a cancellation of the caller reaches each of them.
boost::asio::awaitable<void> run_bounded(std::vector<boost::asio::awaitable<void>> tasks, std::size_t limit);

}  // namespace p2p::rpc
