#include "base/log_sink.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace p2p;

namespace {

/// Keeps what is written at `lowest` and above.
class RecordingSink final : public LogSink {
 public:
  explicit RecordingSink(LogLevel lowest) : lowest_(lowest) {}
  bool enabled(LogLevel level) const noexcept override { return level >= lowest_; }
  void write(LogLevel level, std::string_view logger_name, std::string message) override {
    lines.push_back(fmt::format("{} {} {}", to_string(level), logger_name, message));
  }
  std::vector<std::string> lines;

 private:
  LogLevel lowest_;
};

}  // namespace

TEST_CASE("a logger writes under its name what its sink wants") {
  RecordingSink sink(LogLevel::warning);
  const Logger logger(sink, "Gossip");
  logger.info("joined by way of {}", "coordinator-1");
  logger.warning("{} suspected", "worker-1");
  logger.critical("no certificate");
  CHECK(sink.lines == std::vector<std::string>{"WARNING Gossip worker-1 suspected", "CRITICAL Gossip no certificate"});
}

TEST_CASE("levels are read in any case and rise in severity") {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error, LogLevel::critical}) {
    CHECK(parse_log_level(to_string(level)) == level);
  }
  CHECK(parse_log_level("warn") == LogLevel::warning);
  CHECK(parse_log_level("Error") == LogLevel::error);
  CHECK(parse_log_level("fatal") == std::nullopt);
  CHECK(LogLevel::error < LogLevel::critical);
}
