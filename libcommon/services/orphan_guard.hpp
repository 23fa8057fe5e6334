// A process beside the node that waits for its end, however that comes (SIGKILL too), and then kills what the programs
// of its services have left running: children of children, also in groups and sessions of their own.
//
// It knows them by a variable in their environment, random for each run of the node, which every program inherits from
// the one that started it. PR_SET_PDEATHSIG reaches only direct children, a process group loses who calls setsid(), and
// neither a control group nor root is needed. Who starts a program with an empty environment *and* in a new group
// hides.
#pragma once

#include <string>

#include "base/error.hpp"
#include "services/descriptor.hpp"

namespace p2p::services {

class OrphanGuard {
 public:
  /// Forks the guard, so no thread may exist yet. It keeps nothing of this process open and ignores the signals of its
  /// terminal.
  static Result<OrphanGuard> start();

  /// NAME=value, for the environment of every program of a service.
  const std::string& mark() const { return mark_; }

 private:
  OrphanGuard(std::string mark, Descriptor lifeline) : mark_(std::move(mark)), lifeline_(std::move(lifeline)) {}

  std::string mark_;
  Descriptor lifeline_;  // its other end reads the end of this process
};

}  // namespace p2p::services
