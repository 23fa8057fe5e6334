// The worker's side of log shipping: what to send when, over connections that come and go. A pure machine; the link
// carries its messages (wire.hpp) to a coordinator's Collector and brings the answers back.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "logs/spool.hpp"
#include "logs/wire.hpp"

namespace p2p::logs {

/// A message holds at most this, or one record.
inline constexpr std::size_t kBatchBytes = 128 << 10;
/// This many waiting records leave before kFlushInterval is over.
inline constexpr std::uint64_t kBatchRecords = 512;
/// After a quiet time a record leaves at once; under load one batch leaves per interval.
inline constexpr std::chrono::milliseconds kFlushInterval{5};

/// On each connection, and for each epoch: `open`, then wait for the answer that says where to go on, then batches in
/// order within the window. Acknowledged records leave the spool; what is not acknowledged is sent again on the next
/// connection.
class Shipper {
 public:
  /// The spool must outlive the machine.
  Shipper(std::string node_id, Spool& spool) : node_id_(std::move(node_id)), spool_(spool) {}

  /// A connection to a coordinator stands; the messages to send on it.
  std::vector<Bytes> on_connected();
  /// Call poll() afterwards. `invalid` or `damaged`: the peer does not keep the protocol; the connection should be
  /// dropped.
  Result<void> on_message(ByteView message);
  void on_disconnected();
  /// The messages to send now; none without a connection.
  std::vector<Bytes> poll(Monotonic now);
  /// When poll() will have something to send, nothing new being appended or received: none, or a time (maybe past).
  std::optional<Monotonic> next_wakeup() const;

 private:
  enum class State : unsigned char { disconnected, opening, streaming };
  struct Flight {
    std::uint64_t last_seq;
    std::size_t bytes;
  };

  bool must_open() const { return state_ != State::disconnected && epoch_ != spool_.epoch(); }
  OpenMessage open();
  bool has_window() const { return state_ == State::streaming && in_flight_bytes_ < kWindowBytes; }
  /// How many records could leave now, if the window is open.
  std::uint64_t ready_count() const;

  std::string node_id_;
  Spool& spool_;
  State state_ = State::disconnected;
  std::uint64_t epoch_ = 0;     // of the last `open`
  bool has_renewed_ = false;    // the epoch, on this connection
  std::uint64_t next_seq_ = 0;  // the first not yet sent on this connection
  std::deque<Flight> flights_;
  std::size_t in_flight_bytes_ = 0;
  Monotonic next_flush_{};
};

}  // namespace p2p::logs
