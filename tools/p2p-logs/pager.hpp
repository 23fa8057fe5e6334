// Long output on a terminal goes through a pager, as git does it: $PAGER, else `less -FRX`.
#pragma once

#include <sys/types.h>

#include "cli/command.hpp"

namespace p2p::logs {

/// Of one command's `--no-pager`. One at a time: standard output is the pager's as long as it runs.
class Pager {
 public:
  Pager() = default;
  ~Pager();  ///< stop()
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  void declare(cli::Options& options);
  /// Starts it where standard output is a terminal that can move its cursor, and there is one. `$PAGER` may be `cat` or
  /// empty for none. What is written after its reader left is lost, and `out` then fails.
  void start(std::ostream& out);
  bool is_running() const { return process_ > 0; }
  /// Waits until its reader has seen enough. What is said on the terminal has to come after that.
  void stop();

 private:
  bool unwanted_ = false;
  std::ostream* out_ = nullptr;
  int terminal_ = -1;  // what standard output was
  pid_t process_ = -1;
};

}  // namespace p2p::logs
