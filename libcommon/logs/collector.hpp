// The coordinator's side of log shipping: takes the streams of all nodes, stores them in group commits on a thread of
// its own, acknowledges what is durable, then publishes it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "logs/hub.hpp"
#include "logs/store.hpp"
#include "logs/wire.hpp"

namespace p2p::logs {

/// Commits follow each other at least this far apart, so that a busy store syncs often enough and not more. After a few
/// records, the time of these is enough: the next line of a quiet fleet does not wait for the last one's sake.
inline constexpr std::chrono::milliseconds kCommitInterval{10};
inline constexpr std::chrono::milliseconds kCommitIntervalPerRecord{4};
/// After a failed commit: when the nodes are asked to send again.
inline constexpr std::chrono::milliseconds kStoreRetryInterval{1000};
inline constexpr std::chrono::milliseconds kRetentionInterval{60'000};
/// One commit takes messages of about so much, so that memory and the journal stay small when all nodes come at once.
inline constexpr std::size_t kCommitBytes = 8 << 20;
/// With so much of all streams waiting, a stream that sends more is asked to send it again later.
inline constexpr std::size_t kMaxQueuedBytes = 64 << 20;

class Collector {
 public:
  /// Sends a message to the node at the other end; called from the collector's thread, must not block.
  using Send = std::function<void(Bytes)>;
  struct Stream;

  /// The coordinator's end of one link; any thread, one call at a time. Destroying it ends the stream; messages that
  /// were received are still stored. A `send` may be under way when the destructor returns, so it must own what it
  /// uses.
  class Intake {
   public:
    /// `invalid`: not the protocol; `limited`: more unacknowledged than the window. The link should be dropped then.
    Result<void> receive(ByteView message);
    ~Intake();

   private:
    friend class Collector;
    Intake(Collector& collector, std::shared_ptr<Stream> stream);
    Collector& collector_;
    std::shared_ptr<Stream> stream_;
  };

  /// All must outlive the collector. What it logs itself must not wait for it.
  Collector(Store& store, Hub& hub, const Clock& clock, LogSink& log);
  ~Collector();  ///< stop(); no intake may be left

  /// `node_id` is the certificate's: it replaces whatever the records say.
  std::unique_ptr<Intake> open(std::string node_id, Send send);

  /// Deletes the records of one node, or (empty) of all, that are stored by now, and leaves an audit record that names
  /// `by`. Long after the call, `done` gets the number of deleted records, on the collector's thread: it must only
  /// post. `limited` at once while another one runs.
  using Cleared = std::function<void(Result<std::uint64_t>)>;
  void clear(std::string node_id, std::string by, Cleared done);

  /// Why the store takes nothing at the moment, or nothing when it does; for `/health`.
  std::optional<std::string> trouble() const;

  /// Stores what was received and ends the thread; what intakes receive after that is dropped, unacknowledged.
  void stop();

 private:
  struct Received;
  struct Clearing;

  void enqueue(Received received);
  std::vector<Received> take_some();
  void run();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void commit(std::vector<Received> received);
  static std::int64_t record_count(const std::vector<Received>& received);
  void begin_again(Stream& stream);
  void say_false_name(Stream& stream, const std::string& name);
  StreamBatch batch_of(const std::shared_ptr<Stream>& stream, RecordsMessage& message);
  void store_records(std::vector<Received> received);
  void stall(const std::shared_ptr<Stream>& stream);
  void say_trouble(std::optional<std::string> why);
  void maintain();
  void clear_some();

  Store& store_;
  Hub& hub_;
  const Clock& clock_;
  LogSink& sink_;
  Logger log_;
  mutable std::mutex mutex_;  // guards what both sides touch, down to stopping_
  std::condition_variable arrived_;
  std::deque<Received> queue_;
  std::size_t queued_bytes_ = 0;
  std::shared_ptr<Clearing> clearing_;
  std::optional<std::string> trouble_;
  bool stopping_ = false;
  // Of the collector's thread.
  std::vector<std::shared_ptr<Stream>> stalled_;
  Monotonic next_commit_{};
  Monotonic next_retry_{};
  Monotonic next_retention_{};
  bool retention_goes_on_ = false;
  std::thread thread_;
};

}  // namespace p2p::logs
