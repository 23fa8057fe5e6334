#include "cli/password.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/file_closer.hpp"

namespace p2p::cli {
namespace {

/// What is typed is not shown while this lives.
class HiddenInput {
 public:
  explicit HiddenInput(int descriptor) : descriptor_(descriptor), is_set_(::tcgetattr(descriptor, &before_) == 0) {
    if (!is_set_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(descriptor_, TCSANOW, &hidden);
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;
  ~HiddenInput() {
    if (is_set_) ::tcsetattr(descriptor_, TCSANOW, &before_);
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_set_;
};

crypto::Secret without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return crypto::Secret(std::move(text));
}

Result<crypto::Secret> ask(std::FILE& terminal, const PasswordSource& source, const std::string& prompt) {
  // Before the question: whoever answers at once is not shown either.
  const HiddenInput hidden(::fileno(&terminal));
  std::fprintf(&terminal, "%s: ", escape_controls(prompt).c_str());
  std::fflush(&terminal);
  std::string line(source.max_bytes + 2, '\0');
  const bool got = std::fgets(line.data(), static_cast<int>(line.size()), &terminal) != nullptr;
  std::fputc('\n', &terminal);
  if (!got) {
    crypto::wipe(line);
    return Error(Errc::cancelled, fmt::format("no {} was typed", source.noun));
  }
  line.resize(line.find('\0'));
  return without_newline(std::move(line));
}

Result<crypto::Secret> ask_on_terminal(const PasswordSource& source) {
  const FilePtr terminal(source.prompt.empty() ? nullptr : std::fopen("/dev/tty", "r+e"));
  if (!terminal) return Error(Errc::invalid, fmt::format("there is no terminal to ask for the {} on", source.noun));
  std::setvbuf(terminal.get(), nullptr, _IONBF, 0);  // nothing of it stays in a buffer
  auto first = ask(*terminal, source, source.prompt);
  if (!first || !source.repeat) return first;
  const auto second = ask(*terminal, source, source.prompt + " again");
  if (!second) return second.error();
  if (first->view() != second->view()) return Error(Errc::invalid, fmt::format("the two {}s differ", source.noun));
  return first;
}

Result<crypto::Secret> read_password_file(const std::string& file, const PasswordSource& source) {
  auto text = read_secret_file(file, source.max_bytes + 1);
  if (!text) return text.error();
  return without_newline(std::move(*text));
}

Result<crypto::Secret> read_descriptor(int descriptor, const PasswordSource& source) {
  std::string text(source.max_bytes + 2, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      crypto::wipe(text);
      return Error(Errc::invalid, fmt::format("descriptor {} of the {} cannot be read", descriptor, source.noun));
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return without_newline(std::move(text));
}

Result<crypto::Secret> take_variable(const char* name, char* value) {
  crypto::Secret out{std::string_view(value)};
  ::explicit_bzero(value, out.view().size());
  ::unsetenv(name);
  return out;
}

/// The file of systemd's LoadCredential=, or nothing.
std::string credential_file(const char* name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *name == '\0') return {};
  std::string out = std::string(folder) + "/" + name;
  return ::access(out.c_str(), F_OK) == 0 ? out : std::string();
}

Result<crypto::Secret> find_password(const PasswordSource& source) {
  if (!source.file.empty()) return read_password_file(source.file, source);
  if (source.descriptor) return read_descriptor(*source.descriptor, source);
  if (char* value = std::getenv(source.variable)) return take_variable(source.variable, value);
  const auto credential = credential_file(source.credential);
  if (!credential.empty()) return read_password_file(credential, source);
  return ask_on_terminal(source);
}

}  // namespace

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
