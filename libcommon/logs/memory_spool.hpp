// A spool in memory, capped; it ends with the process. Pure.
#pragma once

#include <array>
#include <deque>
#include <map>

#include "logs/source_positions.hpp"
#include "logs/spool.hpp"
#include "logs/wire.hpp"

namespace p2p::logs {

inline constexpr std::size_t kDefaultMemorySpoolBytes = 8 << 20;

class MemorySpool final : public Spool {
 public:
  /// The cap counts items and what it takes to keep them.
  explicit MemorySpool(std::uint64_t epoch, std::size_t max_bytes = kDefaultMemorySpoolBytes)
      : epoch_(epoch), max_bytes_(max_bytes) {}

  std::uint64_t epoch() const override { return epoch_; }
  std::uint64_t epoch_end() const override { return kMaxSeq; }
  void begin_epoch() override { epoch_ = (epoch_ + 1) % kEpochLimit; }
  std::uint64_t first_seq() const override { return entries_.empty() ? last_seq_ + 1 : entries_.begin()->first; }
  std::uint64_t last_seq() const override { return last_seq_; }
  std::size_t size_bytes() const override { return bytes_; }
  bool has_room() const override { return bytes_ < max_bytes_ / 4 * 3; }
  bool is_failing() const override { return false; }
  std::optional<std::string> source_position(const std::string& source) const override {
    return positions_.find(source);
  }
  void append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) override;
  std::uint64_t ready_to(std::uint64_t) override { return last_seq_; }
  SpoolChunk read_from(std::uint64_t seq, std::size_t max_bytes) const override;
  SpoolChunk take_from(std::uint64_t seq, std::size_t max_bytes) override;
  void mark_sent(std::uint64_t seq) override;
  void acknowledge(std::uint64_t seq) override;
  void set_changed(std::function<void()>) override {}

 private:
  /// A record, or (without an item) the gap that dropped ones left.
  struct Entry {
    std::uint64_t last_seq = 0;
    LogLevel level = LogLevel::debug;
    Bytes item;
    LevelCounts lost{};
  };
  using Entries = std::map<std::uint64_t, Entry>;  // by first seq

  static std::size_t cost_of(const Entry& entry);
  bool drop_one();
  void drop(Entries::iterator at);
  bool is_fresh_gap(Entries::const_iterator at) const;

  std::uint64_t epoch_;
  std::size_t max_bytes_;
  Entries entries_;
  SourcePositions positions_;
  std::array<std::deque<std::uint64_t>, 5> by_level_;  // what may be dropped, oldest first; cleaned lazily
  std::uint64_t last_seq_ = 0;
  std::uint64_t sent_seq_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace p2p::logs
