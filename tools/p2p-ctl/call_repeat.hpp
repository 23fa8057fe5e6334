// The same call many times, with a summary of how long it took.
#pragma once

#include <chrono>
#include <functional>

#include "cli/command.hpp"

namespace p2p::ctl {

/// Calls `once` `count` times, `interval` apart, and prints how many failed and how long they took. The failure is that
/// of the highest exit code, if any call failed.
cli::Attempt<void> repeat_call(std::uint64_t count, std::chrono::milliseconds interval,
                               const std::function<cli::Attempt<void>()>& once, cli::Output& out);

}  // namespace p2p::ctl
