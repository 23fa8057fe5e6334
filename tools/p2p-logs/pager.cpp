#include "pager.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace p2p::logs {
namespace {

constexpr char kDefaultPager[] = "less -FRX";

bool is_in_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  for (const auto& folder : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    if (::access((folder + "/" + std::string(program)).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// Empty for none.
std::string pager_command() {
  const char* chosen = std::getenv("PAGER");
  if (chosen == nullptr) return is_in_path("less") ? kDefaultPager : "";
  return trim(chosen) == "cat" ? "" : std::string(trim(chosen));
}

bool can_page() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

[[noreturn]] void become(const char* command) {
  ::signal(SIGPIPE, SIG_DFL);
  ::execl("/bin/sh", "sh", "-c", command, nullptr);
  ::_exit(127);
}

}  // namespace

void Pager::declare(cli::Options& options) {
  options.flag("--no-pager", unwanted_, "print to the terminal, not through $PAGER (else less -FRX)");
}

void Pager::start(std::ostream& out) {
  const std::string command = unwanted_ || !can_page() ? std::string() : pager_command();
  int ends[2];
  if (command.empty() || ::pipe2(ends, O_CLOEXEC) != 0) return;
  out.flush();
  ::setenv("LESS", "FRX", 0);  // as git does: for a less that was not told how to behave
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    become(command.c_str());
  }
  ::close(ends[0]);
  if (process_ > 0) {
    terminal_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(ends[1], STDOUT_FILENO);
    out_ = &out;
    // Its reader may leave before the end, which is no failure; out says so.
    ::signal(SIGPIPE, SIG_IGN);
  }
  ::close(ends[1]);
}

Pager::~Pager() { stop(); }

void Pager::stop() {
  if (process_ <= 0) return;
  out_->flush();
  ::dup2(terminal_, STDOUT_FILENO);  // the last end of the pipe: the pager sees the end of its input
  ::close(terminal_);
  out_->clear();
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

}  // namespace p2p::logs
