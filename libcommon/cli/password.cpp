#include "cli/password.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/file_closer.hpp"
#include "cli/home_owner.hpp"
#include "crypto/secret_buffer.hpp"

namespace p2p::cli {
namespace {

/// A key that slipped is no answer; who gives none so often has none.
constexpr int kMostQuestions = 3;

/// The signals with which a person or a system ends or stops a program that waits, but for those that would do nothing.
sigset_t ending_signals() {
  sigset_t out, blocked;
  sigemptyset(&out);
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
    struct sigaction action {};
    const bool is_ignored = ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;  // NOLINT
    if (!is_ignored && sigismember(&blocked, signal) == 0) sigaddset(&out, signal);
  }
  return out;
}

/// What is typed is not shown while this lives. Signals wait until it is shown again, and then do what they do.
class HiddenInput {
 public:
  explicit HiddenInput(int terminal) : terminal_(terminal), is_set_(::tcgetattr(terminal, &before_) == 0) {
    const sigset_t held_back = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &held_back, &mask_);
    signals_ = Descriptor(::signalfd(-1, &held_back, SFD_CLOEXEC));
    if (!is_set_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSANOW, &hidden);
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;
  ~HiddenInput() {
    if (is_set_) ::tcsetattr(terminal_, TCSANOW, &before_);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  /// Until a line is there; false when a signal came first.
  bool wait() const {
    pollfd watched[] = {{terminal_, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    while (::poll(watched, 2, -1) < 0 && errno == EINTR) {
    }
    return (watched[1].revents & POLLIN) == 0;
  }

 private:
  int terminal_;
  termios before_{};
  bool is_set_;
  sigset_t mask_{};
  Descriptor signals_;
};

crypto::Secret without_newline(ByteView bytes) {
  auto text = as_text(bytes);
  if (text.ends_with('\n')) text.remove_suffix(1);
  return crypto::Secret(text);
}

/// Room for the longest that is taken, its newline, and a byte by which more shows.
crypto::SecretBuffer room_for(const PasswordSource& source) { return crypto::SecretBuffer(source.max_bytes + 2); }

/// The line that is typed; none when a signal came first and left this process alive.
Result<std::optional<crypto::Secret>> ask_once(std::FILE& terminal, const PasswordSource& source,
                                               const std::string& prompt) {
  // Before the question: whoever answers at once is not shown either.
  const HiddenInput hidden(::fileno(&terminal));
  std::fprintf(&terminal, "%s: ", escape_controls(prompt).c_str());
  std::fflush(&terminal);
  auto line = room_for(source);
  const bool is_line = hidden.wait();
  const ssize_t got = is_line ? ::read(::fileno(&terminal), line.data(), line.size()) : 0;
  std::fputc('\n', &terminal);
  if (!is_line) return std::optional<crypto::Secret>();
  if (got <= 0) return Error(Errc::cancelled, fmt::format("no {} was typed", source.noun));
  const auto typed = line.view().first(static_cast<std::size_t>(got));
  // The rest of a line that is too long is no answer to the next question.
  if (typed.back() != '\n') ::tcflush(::fileno(&terminal), TCIFLUSH);
  return std::optional(without_newline(typed));
}

/// Again after an empty line; empty where every answer was.
Result<crypto::Secret> ask(std::FILE& terminal, const PasswordSource& source, const std::string& prompt) {
  for (int empty_count = 0;;) {
    auto answer = ask_once(terminal, source, prompt);
    if (!answer) return answer.error();
    if (!*answer) continue;
    if (!(*answer)->empty() || ++empty_count == kMostQuestions) return std::move(**answer);
  }
}

Result<crypto::Secret> ask_on_terminal(const PasswordSource& source) {
  const FilePtr terminal(source.prompt.empty() ? nullptr : std::fopen("/dev/tty", "r+e"));
  if (!terminal) return Error(Errc::invalid, fmt::format("there is no terminal to ask for the {} on", source.noun));
  auto first = ask(*terminal, source, source.prompt);
  if (!first || !source.repeat) return first;
  const auto second = ask(*terminal, source, source.prompt + " again");
  if (!second) return second.error();
  if (first->view() != second->view()) return Error(Errc::invalid, fmt::format("the two {}s differ", source.noun));
  return first;
}

/// Straight into memory that is wiped.
Result<crypto::Secret> read_password_file(const std::string& name, const PasswordSource& source) {
  const auto file = open_secret_file(name);
  if (!file) return file.error();
  auto text = room_for(source);
  const auto size = read_some(*file, text.bytes());
  if (!size) return Error(size.error().code, name + ": " + size.error().context);
  return without_newline(text.view().first(*size));
}

Result<crypto::Secret> read_descriptor(int descriptor, const PasswordSource& source) {
  auto text = room_for(source);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Error(Errc::invalid, fmt::format("descriptor {} of the {} cannot be read", descriptor, source.noun));
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return without_newline(text.view().first(size));
}

/// The file of systemd's LoadCredential=, or nothing.
std::string credential_file(const char* name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *name == '\0') return {};
  std::string out = std::string(folder) + "/" + name;
  return ::access(out.c_str(), F_OK) == 0 ? out : std::string();
}

Result<crypto::Secret> find_password(const PasswordSource& source) {
  // A file of it is named by who typed the command.
  const AsCaller as_caller;
  auto variable = source.taken != nullptr ? std::exchange(*source.taken, std::nullopt) : take_variable(source.variable);
  if (!source.file.empty()) return read_password_file(source.file, source);
  if (source.descriptor) return read_descriptor(*source.descriptor, source);
  if (variable) return std::move(*variable);
  const auto credential = credential_file(source.credential);
  if (!credential.empty()) return read_password_file(credential, source);
  return ask_on_terminal(source);
}

}  // namespace

std::optional<crypto::Secret> take_variable(const char* name) {
  char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::optional<crypto::Secret> out{std::string_view(value)};
  ::explicit_bzero(value, out->view().size());
  ::unsetenv(name);
  return out;
}

int keep_from_children(int descriptor) {
  if (descriptor > STDERR_FILENO) {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
  }
  const int out = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (out < 0 || nothing.get() < 0) return descriptor;
  ::dup2(nothing.get(), descriptor);
  return out;
}

Attempt<crypto::Secret> read_password(const PasswordSource& source) {
  auto out = find_password(source);
  const std::string hint = fmt::format("${} or a file of the {} answers", source.variable, source.noun);
  if (!out) return Failure(out.error(), out.error().kind() == Errc::invalid ? hint : "");
  if (out->empty()) return Failure(Error(Errc::invalid, fmt::format("the {} is empty", source.noun)), hint);
  if (out->view().size() > source.max_bytes) {
    return Failure(Error(Errc::invalid, fmt::format("the {} has more than {} bytes", source.noun, source.max_bytes)),
                   "");
  }
  return std::move(*out);
}

}  // namespace p2p::cli
