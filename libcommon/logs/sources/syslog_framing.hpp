// Cuts a stream of bytes into syslog messages as RFC 6587 says: each is counted in octets (section 3.4.1) or ends with
// a newline (3.4.2), as its own first byte tells. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/record.hpp"

namespace p2p::logs {

/// What is kept of a message: the text of a record, and a header with its structured data.
inline constexpr std::size_t kKeptSyslogBytes = kMaxMessageBytes + (16 << 10);
/// A longer number begins no counted message: the line is taken as it is.
inline constexpr std::size_t kMaxCountDigits = 8;

struct SyslogFrame {
  std::string text;       ///< at most kKeptSyslogBytes
  std::size_t bytes = 0;  ///< of the whole message; more than `text` holds when it was cut
};

class SyslogFramer {
 public:
  /// The messages that `bytes` completes; empty lines are left out.
  std::vector<SyslogFrame> feed(std::string_view bytes);
  /// What is left when the stream ends.
  std::optional<SyslogFrame> finish();

 private:
  enum class State : unsigned char { start, count, counted, line };
  void keep(std::string_view bytes);
  void step(std::string_view& bytes, std::vector<SyslogFrame>& out);
  void emit(std::vector<SyslogFrame>& out);

  State state_ = State::start;
  SyslogFrame frame_;
  std::size_t remaining_ = 0;  // of a counted message
};

}  // namespace p2p::logs
