// The logging interface: everything in the library writes through it and knows nothing of where the lines go.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace p2p {

/// In rising severity; the text forms are those of the log record (DESIGN.md section 10).
enum class LogLevel : unsigned char { debug, info, warning, error, critical };

/// `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`.
std::string_view to_string(LogLevel level) noexcept;
/// Accepts the text forms in any case, and `WARN`.
std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// Takes log lines; implementations are thread-safe and never block on I/O of a peer.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool enabled(LogLevel level) const noexcept = 0;
  /// `logger_name` is dotted (`Gossip`, `Network`, `Service.disk`); `message` is one line without secrets.
  virtual void write(LogLevel level, std::string_view logger_name, std::string message) = 0;
};

/// Drops everything; for tests.
class NullLogSink final : public LogSink {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view, std::string) override {}
};

/// A named view of a sink; cheap to copy; the sink must outlive it.
class Logger {
 public:
  Logger(LogSink& sink, std::string name) : sink_(&sink), name_(std::move(name)) {}

  template <class... Args>
  void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
    if (sink_->enabled(level)) sink_->write(level, name_, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    log(LogLevel::debug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    log(LogLevel::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) const {
    log(LogLevel::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    log(LogLevel::error, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void critical(fmt::format_string<Args...> format, Args&&... args) const {
    log(LogLevel::critical, format, std::forward<Args>(args)...);
  }

  LogSink& sink() const noexcept { return *sink_; }

 private:
  LogSink* sink_;
  std::string name_;
};

}  // namespace p2p
