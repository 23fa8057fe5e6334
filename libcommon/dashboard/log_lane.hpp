// The log lines on their way to one page: batched while it keeps up, counted while it does not, so that what it was
// sent and what its gaps count is together what was stored. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2p::dashboard {

/// What waits for a page that is slow; past it lines are only counted.
inline constexpr std::size_t kLaneBytes = 256 << 10;
inline constexpr std::size_t kLaneRecords = 1'000;

/// Records are known by their numbers in the store, which rise.
class LogLane {
 public:
  struct Gap {
    std::uint64_t skipped = 0;
    std::uint64_t after = 0;   ///< the last record before the gap that was looked at
    std::uint64_t before = 0;  ///< the last record of the gap
  };
  struct Batch {
    std::optional<Gap> gap;  ///< before the records
    std::string records;     ///< JSON of each, with commas between
    std::size_t count = 0;
    std::uint64_t position = 0;  ///< everything up to here was looked at
  };

  /// Begins behind the record of this number.
  explicit LogLane(std::uint64_t position) : position_(position), batch_after_(position) {}

  /// Whether records are only counted now, so that nobody need write them as JSON.
  bool is_counting() const noexcept { return counting_; }
  /// From here on records are only counted, until a batch is taken.
  void count_only();
  /// The next record that the page wants.
  void add(std::uint64_t number, std::string_view json);
  /// Everything up to this number was looked at.
  void pass(std::uint64_t number) noexcept { position_ = number; }
  /// No more fits: a batch should be taken.
  bool is_full() const noexcept { return text_.size() >= kLaneBytes || count_ >= kLaneRecords; }
  std::size_t count() const noexcept { return count_; }
  bool has_news() const noexcept { return count_ > 0 || gap_.skipped > 0; }
  std::uint64_t position() const noexcept { return position_; }

  /// What to send now to a page that has room; lines are written again from here on.
  Batch take();
  /// The page has no room. What waits for it goes on waiting, unless that is too much: then it is counted.
  void wait();

 private:
  void skip(std::uint64_t count, std::uint64_t last);

  std::string text_;
  std::size_t count_ = 0;
  std::uint64_t position_;
  std::uint64_t batch_after_;  // where the batch, or the gap before it, begins
  Gap gap_;
  bool counting_ = false;
};

}  // namespace p2p::dashboard
