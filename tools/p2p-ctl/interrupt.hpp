// Ctrl-C in a command that goes on until it is told to end.
#pragma once

namespace p2p::ctl {

/// From now on SIGINT, SIGTERM and SIGHUP end the process with kInterrupted, after `restore` (which may be null), which
/// must be fit for a signal handler. What was printed must have been flushed.
void end_when_interrupted(void (*restore)());

}  // namespace p2p::ctl
