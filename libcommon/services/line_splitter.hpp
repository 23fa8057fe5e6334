// Cuts a byte stream into lines for the log, however the bytes arrive. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2p::services {

/// A longer line is cut, and what follows up to its newline is dropped.
inline constexpr std::size_t kMaxLineBytes = 64 * 1024;

class LineSplitter {
 public:
  /// The lines that `bytes` completes, without their newline (and carriage return), empty ones left out.
  std::vector<std::string> feed(std::string_view bytes);
  /// The last line when the stream ends without a newline; empty when there is none.
  std::string finish();

 private:
  std::string take();
  std::string line_;
};

}  // namespace p2p::services
