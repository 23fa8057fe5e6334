// The shipper as a node uses it: any thread appends, one link sends.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "logs/record.hpp"
#include "logs/seq_times.hpp"
#include "logs/shipper.hpp"
#include "logs/source_position.hpp"
#include "logs/spool.hpp"

namespace p2p::logs {

/// Any thread. The link calls on_connected() once its connection stands, gives every log message that arrives to
/// on_message(), calls poll() at next_wakeup() and whenever wake was called, and sends what these return.
class LogShipper {
 public:
  /// The clock must outlive it.
  LogShipper(std::string node_id, std::unique_ptr<Spool> spool, const Clock& clock);
  ~LogShipper();  ///< ends the spool's work; what it has in memory is written then

  /// The number that the next appended record must carry.
  std::uint64_t next_seq() const;
  /// For how long the oldest record that the coordinator has not acknowledged has been waiting, to a tenth of a second;
  /// 0 when everything is stored. What was there at the start counts from then on.
  std::chrono::milliseconds lag() const;
  /// What the coordinator has not acknowledged, gaps included; 0 when everything is stored.
  std::size_t spool_bytes() const;
  /// As Spool::is_failing().
  bool spool_is_failing() const;

  /// Only encodes and copies; never waits for a connection or a disk.
  void append(const LogRecord& record, const SourcePosition& position = {});
  /// Where a source that can be read again goes on: behind its last record that the spool took, also before a restart.
  std::optional<std::string> source_position(const std::string& source) const;

  /// Whether such a source may go on. Without room it pauses, as a full spool would drop records that can still be
  /// read later; a source that cannot wait appends all the same.
  bool has_room() const;

  /// Called from any thread when poll() may have something to send before the time that next_wakeup() last gave. It
  /// must only post, and not call back.
  void set_wake(std::function<void()> wake);

  std::vector<Bytes> on_connected();
  /// An error means that the connection should be dropped.
  Result<std::vector<Bytes>> on_message(ByteView message);
  void on_disconnected();
  std::vector<Bytes> poll();
  std::optional<Monotonic> next_wakeup();

 private:
  void wake_if_due();
  void changed();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unique_ptr<Spool> spool_;
  mutable SeqTimes times_;  // asking forgets
  Shipper machine_;
  std::function<void()> wake_;
  Monotonic announced_wakeup_ = Monotonic::max();
};

}  // namespace p2p::logs
