#include "screen.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "interrupt.hpp"

namespace p2p::ctl {
namespace {

/// The other screen, without cursor and line wrap; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr char kLeave[] = "\x1b[?7h\x1b[?25h\x1b[?1049l";

int terminal = -1;
termios saved{};

void put(const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(terminal, bytes, count);
    if (written <= 0) return;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

/// Fit for a signal handler.
void restore() {
  if (terminal < 0) return;
  put(kLeave, sizeof kLeave - 1);
  ::tcsetattr(terminal, TCSANOW, &saved);
}

}  // namespace

std::unique_ptr<Screen> Screen::open() {
  const char* kind = std::getenv("TERM");
  if (::isatty(STDOUT_FILENO) != 1 || kind == nullptr || std::strcmp(kind, "dumb") == 0) return nullptr;
  terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return nullptr;
  if (::tcgetattr(terminal, &saved) != 0) {
    ::close(std::exchange(terminal, -1));
    return nullptr;
  }
  end_when_interrupted(restore);
  std::signal(SIGWINCH, [](int) {});  // so that it ends a wait
  termios keys = saved;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // a key at a time; Ctrl-C stays a signal
  keys.c_cc[VSUSP] = _POSIX_VDISABLE;                     // a shell would get the terminal as it is now
  ::tcsetattr(terminal, TCSANOW, &keys);
  put(kEnter, sizeof kEnter - 1);
  return std::unique_ptr<Screen>(new Screen);
}

Screen::~Screen() {
  restore();
  ::close(terminal);
  terminal = -1;
}

Screen::Size Screen::size() const {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Screen::draw(const std::string& text) {
  std::string out = "\x1b[H";
  auto lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  out += "\x1b[J";
  put(out.data(), out.size());
}

char Screen::wait_for_key(std::chrono::milliseconds time) {
  pollfd watched{terminal, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(time.count())) <= 0) return '\0';
  char key = '\0';
  // A terminal that hung up is as good as the key that quits.
  return ::read(terminal, &key, 1) == 1 ? key : 'q';
}

}  // namespace p2p::ctl
