// Where a node keeps its records until the coordinator has stored them. The shipper knows only this interface. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/log_sink.hpp"
#include "logs/source_position.hpp"

namespace p2p::logs {

/// Encoded items (wire.hpp) in rising seq.
struct SpoolChunk {
  Bytes items;
  std::size_t item_count = 0;
  std::uint64_t last_seq = 0;  ///< the last number that the items cover; 0 when there are none
};

/// One thread at a time. Numbers rise by one, from 1 in a new spool. A spool that may have forgotten numbers which it
/// gave to a coordinator goes on in another epoch, so that none means two records. A connection carries one epoch.
class Spool {
 public:
  virtual ~Spool() = default;

  /// Of the record first_seq(); below kEpochLimit.
  virtual std::uint64_t epoch() const = 0;
  /// The last number of epoch(); kMaxSeq while none follows. Once all up to it are acknowledged, epoch() is the next.
  virtual std::uint64_t epoch_end() const = 0;
  /// A coordinator has stored more of the last epoch than was ever appended, as when a disk was put back to an earlier
  /// state: all that is not acknowledged belongs to a new one. It may be stored twice so, but is not taken for known.
  virtual void begin_epoch() = 0;
  /// The lowest number not acknowledged; last_seq() + 1 when everything is.
  virtual std::uint64_t first_seq() const = 0;
  /// The highest number appended, 0 for none.
  virtual std::uint64_t last_seq() const = 0;
  virtual std::size_t size_bytes() const = 0;
  /// Far enough below the cap that sources which can be read again need not pause.
  virtual bool has_room() const = 0;
  /// The disk cannot be written, so what comes now would be lost with the process.
  virtual bool is_failing() const = 0;
  /// The position that came last with a record of this source, also before a restart where the spool outlives one.
  virtual std::optional<std::string> source_position(const std::string& source) const = 0;

  /// `item` is the encoded record; `seq` is last_seq() + 1. Over its cap a spool drops the oldest records of the lowest
  /// level and keeps a gap in their place; never one that mark_sent() covers, which may have been stored.
  /// The position is kept in one piece with the record: after a crash both are there, or neither.
  virtual void append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) = 0;
  /// How far read_from(seq) can go on without waiting for a disk; seq - 1 for not at all. What is beyond is on its way
  /// from now on, and set_changed()'s function is called when it is there.
  virtual std::uint64_t ready_to(std::uint64_t seq) = 0;
  /// Items that cover `seq` and what follows, up to epoch_end(): at least one if ready_to() says so, then as many as
  /// fit `max_bytes`.
  virtual SpoolChunk read_from(std::uint64_t seq, std::size_t max_bytes) const = 0;
  /// Everything up to `seq` has been handed to a connection; only rises.
  virtual void mark_sent(std::uint64_t seq) = 0;
  /// read_from() and mark_sent() in one, so that nothing of it is dropped in between.
  virtual SpoolChunk take_from(std::uint64_t seq, std::size_t max_bytes) = 0;
  /// Everything up to `seq` is stored by the coordinator and may go.
  virtual void acknowledge(std::uint64_t seq) = 0;

  /// Called from another thread, never within a call of the spool, when more may be ready or there may be room again.
  virtual void set_changed(std::function<void()> changed) = 0;
};

}  // namespace p2p::logs
