// What a program said last on standard error, as the reason why it ended. Of the traces that interpreters and runtimes
// print it is the line that says what went wrong, not the last of the frames. Pure.
#pragma once

#include <string>
#include <string_view>

namespace p2p::services {

/// What is longer is cut.
inline constexpr std::size_t kMaxLastWords = 200;

class LastWords {
 public:
  /// A line without its end.
  void take(std::string_view line);
  void clear() { *this = {}; }
  /// Safe to show; empty: nothing that says anything.
  const std::string& text() const noexcept { return text_; }

 private:
  bool is_go_trace_ = false;
  bool is_frame_ = false;  // of the text
  std::string text_;
};

}  // namespace p2p::services
