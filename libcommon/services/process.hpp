// One child process with its output captured: started in its own group, killed as a group, never an orphan and never a
// zombie. Everything is non-blocking; one descriptor says when there is something to do.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace p2p::services {

/// What is run, and how.
struct Command {
  std::filesystem::path program;         ///< absolute
  std::vector<std::string> arguments;    ///< with argv[0]
  std::vector<std::string> environment;  ///< NAME=value, complete
  std::filesystem::path working_folder;
};

/// How a process ended.
struct ExitStatus {
  std::optional<int> code;    ///< of exit()
  std::optional<int> signal;  ///< that killed it
};
/// `exited with status 1`, `was killed by signal 9 (Killed)`.
std::string to_text(const ExitStatus& status);

/// Where a program writes its progress.
inline constexpr int kProgressDescriptor = 3;

class Process {
 public:
  /// Starts it with `input` on stdin (a memory file, so that nobody has to feed it). The context of an error names the
  /// program. The child dies with the thread that called this (PR_SET_PDEATHSIG).
  /// `with_progress`: a pipe is its descriptor kProgressDescriptor.
  static Result<Process> start(const Command& command, std::string_view input, bool with_progress = false);
  /// Starts it with a pipe on stdin, for write_input(). The caller's process must ignore SIGPIPE.
  static Result<Process> start_piped(const Command& command);

  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  /// Kills the group and waits for the process, if that has not happened.
  ~Process();

  /// A descriptor that is readable while output waits or once the process has exited. The caller owns it; once.
  int release_poll_descriptor() { return poll_.release(); }

  using Sink = std::function<void(std::string_view)>;
  /// Passes what output waits to the sinks, a bounded amount at a time; false when nothing was there.
  bool pump(const Sink& on_stdout, const Sink& on_stderr, const Sink& on_progress = {});
  /// Takes from the front of `bytes` what the pipe has room for; while some remain, the poll descriptor also says when
  /// there is room again. False when nobody reads the pipe any more.
  bool write_input(std::string& bytes);
  /// The process reads the end of its input.
  void close_input() { stdin_.reset(); }
  /// All that could write to stdout has closed it.
  bool output_closed() const { return !stdout_; }

  /// For people; it may be another process after reap().
  pid_t pid() const { return pid_; }
  /// The process itself has exited (others of its group may live).
  bool has_exited() const;
  void signal_group(int signal) const;
  /// After has_exited(): kills what is left of the group, then takes the exit status, which frees the process id.
  ExitStatus reap();

 private:
  Process() = default;
  static Result<Process> launch(const Command& command, const Descriptor& input, bool with_progress);
  bool pump_one(Descriptor& pipe, const Sink& sink);

  pid_t pid_ = -1;
  Descriptor pid_descriptor_, stdin_, stdout_, stderr_, progress_, poll_;
  int poll_number_ = -1;         // of poll_, also once it was released
  bool waits_for_room_ = false;  // stdin_ is among what poll_ watches
};

}  // namespace p2p::services
