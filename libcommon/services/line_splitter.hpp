// Cuts a byte stream into lines, however the bytes arrive. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2p::services {

/// A line of the log.
inline constexpr std::size_t kMaxLineBytes = 64 * 1024;

class LineSplitter {
 public:
  /// A line that reaches `max_bytes` is cut there, and what follows up to its newline is dropped.
  explicit LineSplitter(std::size_t max_bytes = kMaxLineBytes) : max_bytes_(max_bytes) {}

  /// The lines that `bytes` completes, without their newline (and carriage return), empty ones left out.
  std::vector<std::string> feed(std::string_view bytes);
  /// The last line when the stream ends without a newline; empty when there is none.
  std::string finish();

 private:
  std::string take();

  std::size_t max_bytes_;
  std::string line_;
};

}  // namespace p2p::services
