// Ctrl-C in a command that goes on until it is told to end.
#pragma once

#include <chrono>

namespace p2p::ctl {

/// From now on SIGINT, SIGTERM and SIGHUP end the process with kInterrupted, after `restore` (which may be null), which
/// must be fit for a signal handler. What was printed must have been flushed.
void end_when_interrupted(void (*restore)());

/// After end_when_interrupted(): ends the process likewise when so much time has passed, whatever its threads wait for.
void end_within(std::chrono::seconds patience);

}  // namespace p2p::ctl
