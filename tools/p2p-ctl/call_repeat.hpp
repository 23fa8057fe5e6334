// The same call many times, with a summary of how long it took.
#pragma once

#include <chrono>
#include <functional>

#include "cli/command.hpp"

namespace p2p::ctl {

struct Repetition {
  std::uint64_t count = 1;
  std::chrono::milliseconds interval{};  ///< between two calls
};

/// Calls `once`, and prints how many failed and how long they took, without the time that rate limits were waited out,
/// of which `waited` tells how much it was until now. The failure is that of the highest exit code, if any call failed.
cli::Attempt<void> repeat_call(Repetition repetition, const std::function<cli::Attempt<void>()>& once,
                               const std::function<std::chrono::milliseconds()>& waited, cli::Output& out);

}  // namespace p2p::ctl
