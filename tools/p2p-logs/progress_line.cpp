#include "progress_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

#include "cli/table.hpp"
#include "cli/text_width.hpp"

namespace p2p::logs {
namespace {

constexpr std::chrono::milliseconds kProgressInterval{200};

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : cli::kUsualWidth;
}

}  // namespace

ProgressLine::ProgressLine(bool wanted)
    : used_(wanted && ::isatty(STDERR_FILENO) == 1), next_(std::chrono::steady_clock::now() + kProgressInterval) {}

ProgressLine::~ProgressLine() { clear(); }

bool ProgressLine::is_due() const { return used_ && std::chrono::steady_clock::now() >= next_; }

void ProgressLine::show(const std::string& text) {
  if (!used_) return;
  std::cerr << "\r\x1b[K" << cli::cut_to_width(text, terminal_width() - 1) << std::flush;
  shown_ = true;
  next_ = std::chrono::steady_clock::now() + kProgressInterval;
}

void ProgressLine::clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace p2p::logs
