// A spool on the disk: it outlives the process, and holds as much as its cap allows.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "logs/source_positions.hpp"
#include "logs/spool.hpp"
#include "logs/spool/spool_files.hpp"

namespace p2p::logs {

/// Records wait in memory at least this long for the next write, unless it was quiet before or there are many.
inline constexpr std::chrono::milliseconds kSpoolWriteInterval{1};
/// What the coordinator has not acknowledged after this time is synced: so much may be lost when the machine stops.
inline constexpr std::chrono::milliseconds kSpoolSyncInterval{500};
/// After a failed write: when the next is tried.
inline constexpr std::chrono::milliseconds kSpoolRetryInterval{1000};
/// Written to the disk and kept for the shipper.
inline constexpr std::size_t kSpoolCacheBytes = 4 << 20;
/// Waits for the next write; beyond that, or the cap, the oldest records of the lowest level are dropped, but none as
/// long as one of a lower level is on the disk or on its way there: it has to go first, once the disk answers.
inline constexpr std::size_t kSpoolWaitingBytes = 16 << 20;
/// Waits for a disk that is slower than what comes; beyond that, or the cap, what waits is dropped whatever the disk
/// has.
inline constexpr std::size_t kSpoolStarvedBytes = 64 << 20;
/// Written at a time, so that of what waits longer some can still be dropped.
inline constexpr std::size_t kSpoolWriteBytes = 4 << 20;

struct DiskSpoolOptions {
  std::filesystem::path folder;
  std::uint64_t max_bytes = 256 << 20;  ///< at least 64 KiB
  BootId boot = current_boot();
  /// Called by the spool's thread when its disk begins to fail (why) and when it works again (nothing). It may log.
  std::function<void(const std::optional<std::string>&)> on_trouble{};
};

/// append() and all others only copy in memory: a thread of its own writes, reads and syncs. What the shipper gets was
/// written before, and a mark that it may be sent, so that after a kill no number means another record than at the
/// coordinator. While the disk fails or is slow, records wait in memory; none is dropped below kSpoolWaitingBytes and
/// the cap.
class DiskSpool final : public Spool {
 public:
  /// Reads what is there; blocks meanwhile. No other process may use the folder. An error when the folder cannot be
  /// made or listed; whatever else is wrong is said in the log. All must outlive the spool.
  static Result<std::unique_ptr<DiskSpool>> open(DiskSpoolOptions options, Random& random, LogSink& log,
                                                 Disk& disk = system_disk());
  ~DiskSpool() override;  ///< writes and syncs what is in memory

  std::uint64_t epoch() const override;
  std::uint64_t epoch_end() const override;
  void begin_epoch() override;
  std::uint64_t first_seq() const override;
  std::uint64_t last_seq() const override;
  std::size_t size_bytes() const override;
  bool has_room() const override;
  bool is_failing() const override;
  std::optional<std::string> source_position(const std::string& source) const override;
  void append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) override;
  std::uint64_t ready_to(std::uint64_t seq) override;
  SpoolChunk read_from(std::uint64_t seq, std::size_t max_bytes) const override;
  SpoolChunk take_from(std::uint64_t seq, std::size_t max_bytes) override;
  void mark_sent(std::uint64_t seq) override;
  void acknowledge(std::uint64_t seq) override;
  void set_changed(std::function<void()> changed) override;

 private:
  using BlockPtr = std::shared_ptr<const Block>;
  using Lock = std::unique_lock<std::mutex>;

  DiskSpool(DiskSpoolOptions options, SegmentFolder folder, RecoveredSpool recovered, Random& random, LogSink& log);

  void bound_waiting();
  std::size_t waiting_bytes() const { return waiting_.size_bytes() + writing_bytes_; }
  SpoolChunk read_cached(std::uint64_t seq, std::size_t max_bytes) const;
  void keep(Block block);

  // The thread's.
  void run();
  Monotonic due() const;
  bool must_load() const;
  bool is_cached(std::uint64_t seq) const;
  void work(Lock& lock);
  void write(Lock& lock);
  void write_new_epoch(Lock& lock);
  void load(Lock& lock);
  void sync(Lock& lock);
  void close(Lock& lock);
  MarkFrame mark(std::uint64_t sent) const { return {acknowledged_, std::max(sent, sent_), false}; }
  void set_outcome(Lock& lock, std::optional<std::string>& of, const Result<void>& outcome);
  void count_files(const std::deque<Block>& writing = {});

  const DiskSpoolOptions options_;
  const std::size_t most_waiting_bytes_;
  const std::size_t most_starved_bytes_;
  Random& random_;
  const Logger log_;
  SpoolFiles files_;  // the thread's, without the lock

  mutable std::mutex mutex_;  // guards all that follows
  std::condition_variable woken_;
  std::function<void()> changed_;
  Epochs epochs_;
  SourcePositions positions_;
  std::uint64_t last_seq_;
  std::uint64_t written_seq_;
  std::uint64_t acknowledged_;
  std::uint64_t sent_;       // by the shipper, or before the start perhaps
  std::uint64_t allowed_;    // a mark in a segment says that up to here may be sent
  std::uint64_t asked_ = 0;  // where the shipper wants to go on; 0 before it asks
  Blocks waiting_;
  std::size_t bound_at_ = 0;                // bytes of waiting_ at which there may be something to drop
  std::size_t writing_bytes_ = 0;           // taken from waiting_ and being written
  std::optional<LogLevel> lowest_written_;  // of what may be dropped and is on the disk, or being written
  std::deque<BlockPtr> cache_;              // written, without holes between
  std::size_t cache_bytes_ = 0;
  std::uint64_t files_bytes_ = 0;
  std::uint64_t files_acknowledged_bytes_ = 0;
  bool epoch_is_unwritten_ = false;
  bool is_acknowledged_new_ = false;
  bool needs_sync_ = false;
  bool stopping_ = false;
  bool is_waiting_ = false;  // the thread is; until when:
  Monotonic waits_until_{};
  std::optional<std::string> write_trouble_;
  std::optional<std::string> sync_trouble_;
  Monotonic next_write_{};
  Monotonic next_retry_{};
  Monotonic next_cleaning_{};
  Monotonic next_sync_{};
  std::thread thread_;
};

}  // namespace p2p::logs
