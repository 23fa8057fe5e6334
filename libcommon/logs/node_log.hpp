// The node's own log: to stderr, and as numbered records to whoever ships them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "logs/record.hpp"
#include "logs/source_position.hpp"
#include "logs/text_format.hpp"

namespace p2p::logs {

/// Records written before attach() that are kept for it.
inline constexpr std::size_t kMaxEarlyRecords = 1000;

/// journal when stderr is the journal's socket (JOURNAL_STREAM, see systemd.exec(5)), colour on a terminal without
/// NO_COLOR, else plain.
LineStyle stderr_style();

/// Any thread. Writing never waits: lines for stderr go through a bounded queue that loses its oldest when stderr
/// stands still; the consumer must not block.
class NodeLog final : public LogSink {
 public:
  /// Takes a numbered record and where its source is then; one call at a time, in order of seq. Must not block, and
  /// must not log.
  using Consumer = std::function<void(const LogRecord&, const SourcePosition&)>;

  /// Writes to the file descriptor, which stays the caller's and must outlive it. The clock must outlive it too.
  NodeLog(const Clock& clock, LogLevel level, LineStyle style, int descriptor = 2);
  ~NodeLog() override;  ///< writes out what is queued

  bool enabled(LogLevel level) const noexcept override { return level >= level_.load(std::memory_order_relaxed); }
  /// Does not look at the level, so that audit records always pass.
  void write(LogLevel level, std::string_view logger_name, std::string message) override;
  /// For sources that know more than a line: services, followed files. Sets node_id, seq, and the time where it
  /// has none. Goes to the consumer only. A source that can be read again says where it is after this record.
  void submit(LogRecord record, SourcePosition position = {});

  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }

  /// From here on every record is numbered from `next_seq` and given to the consumer, early ones first. An empty
  /// consumer drops them.
  void attach(std::string node_id, std::uint64_t next_seq, Consumer consumer);
  /// No call of the consumer is under way, or comes, after this.
  void detach();

 private:
  class Output;
  struct Submitted {
    LogRecord record;
    SourcePosition position;
  };
  void hand_over(Submitted submitted);
  void consume(Submitted submitted);

  const Clock& clock_;
  std::atomic<LogLevel> level_;
  const LineStyle style_;
  std::unique_ptr<Output> output_;
  std::mutex mutex_;  // guards what follows, and keeps records in order
  bool attached_ = false;
  std::string node_id_;
  std::uint64_t next_seq_ = 1;
  Consumer consumer_;
  std::vector<Submitted> early_;
};

}  // namespace p2p::logs
