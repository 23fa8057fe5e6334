#include "services/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace p2p::services {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
/// Read from one pipe before others get their turn.
constexpr std::size_t kMaxPumpBytes = 512 * 1024;
constexpr int kCannotRun = 127;

/// All that the child needs, ready before it exists: between vfork and exec only system calls are allowed.
struct ChildPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* working_folder;
  int input, output, errors;
  int progress;  ///< -1: none
  int report;    ///< closed by exec; gets the errno when that fails
  pid_t parent;
};

[[noreturn]] void refuse(const ChildPlan& plan) {
  const int error = errno;
  // The parent sees the end of the pipe if even this fails.
  [[maybe_unused]] const ssize_t put = ::write(plan.report, &error, sizeof error);
  ::_exit(kCannotRun);
}

[[noreturn, gnu::noinline]] void become(const ChildPlan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (::getppid() != plan.parent) ::_exit(kCannotRun);
  if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.errors, 2) < 0) refuse(plan);
  const bool with_progress = plan.progress >= 0;
  if (with_progress && ::dup2(plan.progress, kProgressDescriptor) < 0) refuse(plan);
  ::close_range(kProgressDescriptor + (with_progress ? 1 : 0), ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(plan.working_folder) != 0) refuse(plan);
  ::execve(plan.program, plan.arguments, plan.environment);
  refuse(plan);
}

/// Signals are held back, as a handler that ran in the child would run in the parent's memory.
pid_t spawn(const ChildPlan& plan) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // vfork: the cost of a child must not grow with the size of the node.
  const pid_t pid = ::vfork();
  if (pid == 0) become(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

/// A copy above those descriptors that the child replaces.
Descriptor above_replaced(int descriptor) {
  if (descriptor < 0 || descriptor > kProgressDescriptor) return Descriptor(descriptor);
  const Descriptor low(descriptor);
  return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, kProgressDescriptor + 1));
}

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, "pipe");
  Pipe pipe{above_replaced(ends[0]), above_replaced(ends[1])};
  if (!pipe.read || !pipe.write) return system_error(errno, "pipe");
  return pipe;
}

void set_nonblocking(const Descriptor& descriptor) { ::fcntl(descriptor.get(), F_SETFL, O_NONBLOCK); }

Result<Descriptor> input_file(std::string_view content) {
  Descriptor file = above_replaced(::memfd_create("p2p-params", MFD_CLOEXEC));
  if (!file) return system_error(errno, "memfd_create");
  while (!content.empty()) {
    const ssize_t put = ::write(file.get(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(errno, "memory file");
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

bool watch(int poll, const Descriptor& watched, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  return ::epoll_ctl(poll, EPOLL_CTL_ADD, watched.get(), &event) == 0;
}

}  // namespace

std::string to_text(const ExitStatus& status) {
  if (status.code) return fmt::format("exited with status {}", *status.code);
  return fmt::format("was killed by signal {} ({})", *status.signal, ::strsignal(*status.signal));
}

Result<Process> Process::start(const Command& command, std::string_view input, bool with_progress) {
  auto file = input_file(input);
  if (!file) return file.error();
  return launch(command, *file, with_progress);
}

Result<Process> Process::start_piped(const Command& command) {
  auto input = make_pipe();
  if (!input) return input.error();
  set_nonblocking(input->write);
  auto process = launch(command, input->read, false);
  if (process) process->stdin_ = std::move(input->write);
  return process;
}

Result<Process> Process::launch(const Command& command, const Descriptor& input, bool with_progress) {
  auto out = make_pipe();
  if (!out) return out.error();
  auto err = make_pipe();
  if (!err) return err.error();
  auto report = make_pipe();
  if (!report) return report.error();
  Pipe progress;
  if (with_progress) {
    auto made = make_pipe();
    if (!made) return made.error();
    progress = std::move(*made);
    set_nonblocking(progress.read);
  }
  set_nonblocking(out->read);
  set_nonblocking(err->read);

  const std::string program = command.program.string();
  const std::string folder = command.working_folder.string();
  const auto arguments = pointers(command.arguments);
  const auto environment = pointers(command.environment);
  const ChildPlan plan{program.c_str(),  arguments.data(), environment.data(),   folder.c_str(),      input.get(),
                       out->write.get(), err->write.get(), progress.write.get(), report->write.get(), ::getpid()};
  Process process;
  process.pid_ = spawn(plan);
  if (process.pid_ < 0) return system_error(errno, fmt::format("cannot run {}", program));
  out->write.reset();
  err->write.reset();
  progress.write.reset();
  report->write.reset();
  int error = 0;
  const ssize_t got = ::read(report->read.get(), &error, sizeof error);
  if (got == static_cast<ssize_t>(sizeof error)) return system_error(error, fmt::format("cannot run {}", program));

  process.pid_descriptor_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process.pid_, 0)));
  process.stdout_ = std::move(out->read);
  process.stderr_ = std::move(err->read);
  process.progress_ = std::move(progress.read);
  process.poll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  process.poll_number_ = process.poll_.get();
  const bool watched =
      process.pid_descriptor_ && process.poll_ && watch(process.poll_number_, process.pid_descriptor_, EPOLLIN) &&
      watch(process.poll_number_, process.stdout_, EPOLLIN) && watch(process.poll_number_, process.stderr_, EPOLLIN) &&
      (!process.progress_ || watch(process.poll_number_, process.progress_, EPOLLIN));
  if (!watched) return system_error(errno, fmt::format("cannot watch {}", program));
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_descriptor_(std::move(other.pid_descriptor_)),
      stdin_(std::move(other.stdin_)),
      stdout_(std::move(other.stdout_)),
      stderr_(std::move(other.stderr_)),
      progress_(std::move(other.progress_)),
      poll_(std::move(other.poll_)),
      poll_number_(other.poll_number_),
      waits_for_room_(other.waits_for_room_) {}

Process::~Process() {
  if (pid_ > 0) reap();
}

bool Process::pump_one(Descriptor& pipe, const Sink& sink) {
  std::array<char, kReadBytes> chunk;
  std::size_t total = 0;
  while (pipe && total < kMaxPumpBytes) {
    const ssize_t got = ::read(pipe.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      pipe.reset();
      break;
    }
    sink({chunk.data(), static_cast<std::size_t>(got)});
    total += static_cast<std::size_t>(got);
  }
  return total > 0;
}

bool Process::pump(const Sink& on_stdout, const Sink& on_stderr, const Sink& on_progress) {
  const bool some_output = pump_one(stdout_, on_stdout);
  const bool some_errors = pump_one(stderr_, on_stderr);
  const bool some_progress = progress_ && pump_one(progress_, on_progress);
  return some_output || some_errors || some_progress;
}

bool Process::write_input(std::string& bytes) {
  std::string_view left = bytes;
  while (stdin_ && !left.empty()) {
    const ssize_t put = ::write(stdin_.get(), left.data(), left.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) break;
    if (put < 0) {
      stdin_.reset();
      break;
    }
    left.remove_prefix(static_cast<std::size_t>(put));
  }
  bytes.erase(0, bytes.size() - left.size());
  if (!stdin_) return false;
  if (waits_for_room_ == bytes.empty()) {
    // Only while it is needed: a pipe that nobody reads any more would always be ready.
    waits_for_room_ = !bytes.empty() && watch(poll_number_, stdin_, EPOLLOUT);
    if (bytes.empty()) ::epoll_ctl(poll_number_, EPOLL_CTL_DEL, stdin_.get(), nullptr);
  }
  return true;
}

bool Process::has_exited() const {
  pollfd waiting{pid_descriptor_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

void Process::signal_group(int signal) const { ::kill(-pid_, signal); }

ExitStatus Process::reap() {
  // In this order: until it is reaped, the leader keeps the group's number from being given to others.
  signal_group(SIGKILL);
  siginfo_t facts{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &facts, WEXITED) != 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (facts.si_code == CLD_EXITED) return {facts.si_status, std::nullopt};
  return {std::nullopt, facts.si_status};
}

}  // namespace p2p::services
