#include "logs/sources/syslog_framing.hpp"

#include <algorithm>
#include <utility>

namespace p2p::logs {

void SyslogFramer::keep(std::string_view bytes) {
  frame_.text.append(bytes.substr(0, kKeptSyslogBytes - frame_.text.size()));
  frame_.bytes += bytes.size();
}

void SyslogFramer::emit(std::vector<SyslogFrame>& out) {
  state_ = State::start;
  SyslogFrame frame = std::exchange(frame_, {});
  if (frame.bytes > 0) out.push_back(std::move(frame));
}

std::vector<SyslogFrame> SyslogFramer::feed(std::string_view bytes) {
  std::vector<SyslogFrame> out;
  while (!bytes.empty()) step(bytes, out);
  return out;
}

void SyslogFramer::step(std::string_view& bytes, std::vector<SyslogFrame>& out) {
  switch (state_) {
    case State::start:
      remaining_ = 0;
      state_ = bytes[0] >= '1' && bytes[0] <= '9' ? State::count : State::line;
      return;
    case State::count: {
      const char c = bytes[0];
      if (c == ' ') {
        frame_ = {};
        state_ = State::counted;
      } else if (c >= '0' && c <= '9' && frame_.bytes < kMaxCountDigits) {
        remaining_ = 10 * remaining_ + static_cast<std::size_t>(c - '0');
        keep(bytes.substr(0, 1));
      } else {
        state_ = State::line;  // a line that begins with a number
        return;
      }
      bytes.remove_prefix(1);
      return;
    }
    case State::counted: {
      const std::size_t count = std::min(remaining_, bytes.size());
      keep(bytes.substr(0, count));
      bytes.remove_prefix(count);
      remaining_ -= count;
      if (remaining_ == 0) emit(out);
      return;
    }
    case State::line: {
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      keep(bytes.substr(0, end));
      const bool ended = end < bytes.size();
      bytes.remove_prefix(ended ? end + 1 : end);
      if (ended) emit(out);
      return;
    }
  }
}

std::optional<SyslogFrame> SyslogFramer::finish() {
  std::vector<SyslogFrame> last;
  if (state_ == State::counted && frame_.bytes > 0) frame_.bytes += remaining_;
  emit(last);
  if (last.empty()) return {};
  return std::move(last.front());
}

}  // namespace p2p::logs
