// A process beside the node that waits for its end, however that comes (SIGKILL too), and then kills what the programs
// of its services have left running: children of children, also in groups and sessions of their own. Asked to, it does
// the same for one program that has ended while the node goes on.
//
// It knows them by a variable in their environment, random for each run of the node, which every program inherits from
// the one that started it. PR_SET_PDEATHSIG reaches only direct children, a process group loses who calls setsid(), and
// neither a control group nor root is needed. Who starts a program without that variable hides from the guard.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace p2p::services {

inline constexpr std::size_t kInstanceIdBytes = 32;

class OrphanGuard {
 public:
  /// Forks the guard, so no thread may exist yet. It keeps nothing of this process open and ignores the signals of its
  /// terminal.
  static Result<OrphanGuard> start();

  OrphanGuard(OrphanGuard&& other) noexcept
      : mark_(std::move(other.mark_)), lifeline_(std::move(other.lifeline_)), pid_(std::exchange(other.pid_, -1)) {}
  OrphanGuard& operator=(OrphanGuard&&) = delete;
  /// Lets the guard do its work and waits for it, at most some seconds.
  ~OrphanGuard();

  /// NAME=value, for the environment of every program of a service.
  const std::string& mark() const { return mark_; }

  /// NAME=value, for the environment of one long-lived program, beside mark(). The same `id` of kInstanceIdBytes bytes
  /// must not be used twice.
  static std::string instance_mark(std::string_view id);
  /// Has everything killed that has this instance_mark(), soon; it is not waited for. Any thread.
  void sweep(std::string_view id) const;

 private:
  OrphanGuard(std::string mark, Descriptor lifeline, pid_t pid)
      : mark_(std::move(mark)), lifeline_(std::move(lifeline)), pid_(pid) {}

  std::string mark_;
  Descriptor lifeline_;  // its other end reads the end of this process
  pid_t pid_;
};

}  // namespace p2p::services
