#include "logs/node_log.hpp"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace p2p::logs {
namespace {

/// Lines that wait for stderr. Each takes its place from the start, hence not more.
constexpr std::size_t kQueuedLines = 1024;

class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::size_t written = 0;
    while (written < line.size()) {
      const ssize_t count = ::write(descriptor_, line.data() + written, line.size() - written);
      if (count < 0 && errno != EINTR) return;  // nobody is left to tell
      if (count > 0) written += static_cast<std::size_t>(count);
    }
  }
  void flush_() override {}

 private:
  int descriptor_;
};

}  // namespace

class NodeLog::Output {
 public:
  explicit Output(int descriptor) : threads_(std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1)) {
    auto sink = std::make_shared<DescriptorSink>(descriptor);
    logger_ = std::make_shared<spdlog::async_logger>("node", std::move(sink), threads_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(spdlog::level::trace);
    // The line is formatted already: its style depends on more than spdlog knows.
    logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  }
  void line(const std::string& text) { logger_->log(spdlog::level::info, spdlog::string_view_t(text)); }

 private:
  // Its destructor writes out the queue and ends the thread; the logger must be alive then.
  std::shared_ptr<spdlog::async_logger> logger_;
  std::shared_ptr<spdlog::details::thread_pool> threads_;
};

LineStyle stderr_style() {
  struct stat status {};
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
      fmt::format("{}:{}", status.st_dev, status.st_ino) == stream)
    return LineStyle::journal;
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colour = ::isatty(STDERR_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
  return colour ? LineStyle::colour : LineStyle::plain;
}

NodeLog::NodeLog(const Clock& clock, LogLevel level, LineStyle style, int descriptor)
    : clock_(clock), level_(level), style_(style), output_(std::make_unique<Output>(descriptor)) {}

NodeLog::~NodeLog() = default;

void NodeLog::write(LogLevel level, std::string_view logger_name, std::string message) {
  LogRecord record;
  record.timestamp = clock_.wall();
  record.level = level;
  record.logger_name = logger_name;
  record.message = std::move(message);
  normalise(record);
  output_->line(format_own_line(record, style_));
  hand_over({std::move(record), {}});
}

void NodeLog::submit(LogRecord record, SourcePosition position) {
  if (record.timestamp == WallTime{}) record.timestamp = clock_.wall();
  normalise(record);
  hand_over({std::move(record), std::move(position)});
}

void NodeLog::hand_over(Submitted submitted) {
  const std::lock_guard lock(mutex_);
  if (attached_)
    consume(std::move(submitted));
  else if (early_.size() < kMaxEarlyRecords)
    early_.push_back(std::move(submitted));
}

void NodeLog::consume(Submitted submitted) {
  if (!consumer_) return;
  auto& record = submitted.record;
  record.node_id = node_id_;
  record.seq = next_seq_++;
  consumer_(record, submitted.position);
}

void NodeLog::attach(std::string node_id, std::uint64_t next_seq, Consumer consumer) {
  const std::lock_guard lock(mutex_);
  node_id_ = std::move(node_id);
  next_seq_ = next_seq;
  consumer_ = std::move(consumer);
  attached_ = true;
  for (auto& submitted : std::exchange(early_, {})) consume(std::move(submitted));
}

void NodeLog::detach() {
  const std::lock_guard lock(mutex_);
  consumer_ = nullptr;
}

}  // namespace p2p::logs
