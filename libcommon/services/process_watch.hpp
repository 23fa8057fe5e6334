// What the two protocols share in serving a process from a coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "services/process.hpp"

namespace p2p::services {

/// Between SIGTERM and SIGKILL.
inline constexpr std::chrono::milliseconds kTerminateGrace{2'000};
/// How long a process that got SIGKILL may stay (in a system call that cannot be interrupted).
inline constexpr std::chrono::seconds kKillGrace{5};

/// Waits until the descriptor is readable, `timer` is cancelled, or `until`. After a cancellation it returns at once,
/// so the caller stops that.
boost::asio::awaitable<void> readable_or(boost::asio::posix::stream_descriptor& descriptor,
                                         boost::asio::steady_timer& timer, Monotonic until);

/// Reads what the pipes still hold once the process has exited. Others of its group are killed first and the amount is
/// bounded, so that nothing that it left behind can keep this going.
void drain(Process& process, const Process::Sink& on_stdout, const Process::Sink& on_stderr,
           const Process::Sink& on_progress = {});

}  // namespace p2p::services
