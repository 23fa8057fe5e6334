// What was sent over a connection without acknowledgements of its own, as plain syslog is, and what of it has to be
// sent again when the connection ends. Pure.
//
// TCP acknowledges what the peer's kernel has; the peer's program may never read it. If it ends the connection in order
// (FIN), it has read all that came before, or its kernel would have reset the connection. If the connection breaks,
// what was sent within kResendWindow is sent again, so that it is lost only if the peer was further behind than that.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.hpp"

namespace p2p::logs {

inline constexpr std::chrono::seconds kResendWindow{5};

class SentWindow {
 public:
  /// Everything up to this number of the store has been taken, as far as is known.
  explicit SentWindow(std::uint64_t number) : taken_(number), safe_(number) {}

  /// All up to `number` are now within the first `stream_bytes` of this connection's stream; the first of them that
  /// were not before was stored at `stored_at`.
  void sent(std::uint64_t number, std::uint64_t stream_bytes, WallTime stored_at, Monotonic now);
  /// So much of the stream has been acknowledged by TCP.
  void acknowledged(std::uint64_t stream_bytes, Monotonic now);
  /// Goes back to where the next connection begins.
  void connection_ended(bool in_order);

  /// What TCP has acknowledged.
  std::uint64_t taken() const { return taken_; }
  /// When the first of what was sent and is not acknowledged was stored.
  std::optional<WallTime> oldest() const;

 private:
  struct Mark {
    std::uint64_t number;
    std::uint64_t stream_bytes;
    WallTime stored_at;
    Monotonic sent_at;
  };
  std::deque<Mark> marks_;
  std::uint64_t taken_;
  std::uint64_t safe_;  // acknowledged, and sent longer ago than the window
};

}  // namespace p2p::logs
