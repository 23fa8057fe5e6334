// What the tests of sources share: a sink that keeps what it was given, and waiting for it.
#pragma once

#include <doctest/doctest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "logs/sources/source_sink.hpp"

namespace p2p::logs {

class KeepingSink final : public SourceSink {
 public:
  void submit(LogRecord record, SourcePosition position) override {
    normalise(record);
    const std::lock_guard lock(mutex_);
    records_.push_back(std::move(record));
    if (position.is_kept()) positions_[position.source] = position.position;
    changed_.notify_all();
  }
  bool has_room() const override {
    const std::lock_guard lock(mutex_);
    ++looks_for_room_;
    return has_room_;
  }
  /// How often has_room() was asked.
  std::uint64_t looks_for_room() const {
    const std::lock_guard lock(mutex_);
    return looks_for_room_;
  }
  std::optional<std::string> position_of(const std::string& source) const override {
    const std::lock_guard lock(mutex_);
    const auto found = positions_.find(source);
    if (found == positions_.end()) return {};
    return found->second;
  }

  void set_room(bool has_room) {
    const std::lock_guard lock(mutex_);
    has_room_ = has_room;
  }
  /// Waits until there are so many, and gives all.
  std::vector<LogRecord> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return records_.size() >= count; });
    CHECK(records_.size() >= count);
    return records_;
  }
  std::vector<std::string> messages(std::size_t count) {
    std::vector<std::string> out;
    for (const auto& record : wait_for(count)) out.push_back(record.message);
    return out;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
  }
  void forget_records() {
    const std::lock_guard lock(mutex_);
    records_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LogRecord> records_;
  std::map<std::string, std::string> positions_;
  bool has_room_ = true;
  mutable std::uint64_t looks_for_room_ = 0;
};

}  // namespace p2p::logs
