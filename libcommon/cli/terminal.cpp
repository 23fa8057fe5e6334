#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/text.hpp"
#include "cli/app.hpp"
#include "cli/file_closer.hpp"

namespace p2p::cli {
namespace {

/// A descriptor that the parent closed would be taken by the first file or socket that is opened, and get our output.
/// Reading the stand-in of stdin fails, and so does writing to that of stdout; both are told.
void fill_standard_descriptors() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(wanted, F_GETFD) >= 0) continue;
    const int opened = ::open("/dev/null", wanted == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
    if (opened >= 0 && opened != wanted) {
      ::dup2(opened, wanted);
      ::close(opened);
    }
  }
}

bool has_colour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return ::isatty(descriptor) == 1 && (no_colour == nullptr || *no_colour == '\0') && !dumb;
}

std::size_t width_of(int descriptor) {
  winsize size{};
  if (::isatty(descriptor) != 1 || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

Result<bool> ask_on_terminal(const std::string& question) {
  const FilePtr terminal(std::fopen("/dev/tty", "r+e"));
  if (!terminal) return Error(Errc::invalid, "there is no terminal to ask on");
  std::fprintf(terminal.get(), "%s [y/N] ", escape_controls(question).c_str());
  std::fflush(terminal.get());
  char answer[64] = {};
  if (std::fgets(answer, sizeof answer, terminal.get()) == nullptr) return false;
  const std::string word = lower_ascii(trim(answer));
  return word == "y" || word == "yes";
}

int main_of(const Tool& tool, int argc, char** argv) {
  fill_standard_descriptors();
  std::ios::sync_with_stdio(false);
  const Surface surface{width_of(STDOUT_FILENO), has_colour(STDOUT_FILENO)};
  const Streams streams{std::cin, std::cout, std::cerr, surface, has_colour(STDERR_FILENO), ask_on_terminal};
  return run_tool(tool, {argv + (argc > 0 ? 1 : 0), argv + argc}, streams);
}

}  // namespace p2p::cli
