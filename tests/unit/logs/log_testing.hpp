// What the tests of logs share.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../temporary_folder.hpp"
#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "base/rfc3339.hpp"
#include "logs/store.hpp"

namespace p2p::logs {

using test::TemporaryFolder;

/// Waits until the condition holds, at most half a minute; whether it does.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// The wall clock is set by the test; the monotonic one runs.
class TestClock final : public Clock {
 public:
  Monotonic monotonic() const override { return std::chrono::steady_clock::now() + passed_.load(); }
  WallTime wall() const override { return wall_.load(); }
  void set(std::string_view text) { wall_ = parse_rfc3339(text).value(); }
  /// Time passes.
  void advance(std::chrono::nanoseconds by) {
    passed_ = passed_.load() + std::max(by, std::chrono::nanoseconds{0});
    jump(by);
  }
  /// Somebody sets the date.
  void jump(std::chrono::nanoseconds by) { wall_ = wall_.load() + by; }

 private:
  std::atomic<std::chrono::nanoseconds> passed_{std::chrono::nanoseconds{0}};
  std::atomic<WallTime> wall_{parse_rfc3339("2026-01-02T03:04:05Z").value()};
};

class CapturingSink final : public LogSink {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel level, std::string_view logger, std::string message) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(to_string(level)) + " " + std::string(logger) + ": " + message);
  }
  std::size_t count(std::string_view part = "") const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& line : lines_) out += line + "\n";
    return out;
  }
  bool has(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const auto& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

inline LogRecord make_record(std::uint64_t seq, std::string message = "hello", LogLevel level = LogLevel::info,
                             std::string logger = "Gossip") {
  LogRecord out;
  out.timestamp = parse_rfc3339("2026-01-02T03:04:05.000000001Z").value();
  out.seq = seq;
  out.level = level;
  out.logger_name = std::move(logger);
  out.message = std::move(message);
  return out;
}

inline StreamBatch batch(std::string node, std::vector<LogRecord> records, std::uint64_t epoch = 1) {
  StreamBatch out;
  out.node_id = std::move(node);
  out.epoch = epoch;
  out.acknowledged = records.empty() ? 0 : records.back().seq;
  out.records = std::move(records);
  return out;
}

/// What the sqlite3 program, an independent reader, answers.
inline std::string sqlite(const std::filesystem::path& file, const std::string& sql) {
  const std::string command = "sqlite3 -readonly '" + file.string() + "' \"" + sql + "\"";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) out.append(part.data(), count);
  CHECK(::pclose(pipe) == 0);
  return out;
}

/// A store in a folder of its own.
struct StoreFixture {
  TemporaryFolder folder;
  TestClock clock;
  SeededRandom random{42};
  CapturingSink sink;
  StoreOptions options{folder.path(), std::chrono::days{30}, 0};
  std::unique_ptr<Store> store;

  StoreFixture() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = Store::open(options, clock, random, sink);
    if (!opened) FAIL(opened.error().context);
    store = std::move(*opened);
  }
  CommittedBatchPtr append(std::vector<StreamBatch> batches) {
    auto out = store->append(std::move(batches));
    if (!out) FAIL(out.error().context);
    return *out;
  }
  Page query(Query asked) {
    auto out = store->query(asked);
    if (!out) FAIL(out.error().context);
    return *out;
  }
  std::filesystem::path day(const std::string& name = "2026-01-02") const {
    return folder.path() / ("logs-" + name + ".db");
  }
};

inline Query make_query(FilterSpec spec, Order order = Order::tail, std::size_t limit = 100,
                        std::uint64_t position = 0) {
  auto filter = Filter::make(std::move(spec));
  if (!filter) FAIL(filter.error().context);
  return Query{std::move(*filter), order, position, limit};
}

inline std::vector<std::uint64_t> numbers(const Page& page) {
  std::vector<std::uint64_t> out;
  for (const auto& stored : page.records) out.push_back(stored.number);
  return out;
}

}  // namespace p2p::logs
