// Runs of frames in memory, with what must be known to drop records from them. Pure.
#pragma once

#include <deque>

#include "logs/source_positions.hpp"
#include "logs/spool/frame.hpp"

namespace p2p::logs {

/// Records are added to a block until it is so large.
inline constexpr std::size_t kBlockBytes = 256 << 10;

/// What a run of frames holds.
struct Tally {
  std::uint64_t first_seq = 0;  ///< 0 when there are no records and no gaps
  std::uint64_t last_seq = 0;
  LevelCounts droppable{};  ///< records that may be dropped, by level

  bool empty() const { return first_seq == 0; }
  void cover(std::uint64_t first, std::uint64_t last);
  void add(const Tally& next);
};

struct Block {
  Bytes frames;
  Tally tally;
  std::vector<SourcePosition> positions;  ///< the last of each source in it
};

/// Blocks in order, to which frames are added. Records and gaps follow each other without holes.
class Blocks {
 public:
  /// Nothing up to `sent_seq` may be dropped any more, and no gap that covers it may grow.
  explicit Blocks(std::uint64_t sent_seq = 0, std::size_t block_bytes = kBlockBytes)
      : sent_seq_(sent_seq), block_bytes_(block_bytes) {}

  void add(const RecordFrame& record);
  /// Joins it to a gap just before.
  void add(const Gap& gap);
  void add(std::span<const SourcePosition> positions);

  const std::deque<Block>& list() const { return blocks_; }
  bool empty() const { return blocks_.empty(); }
  Tally tally() const;
  std::size_t size_bytes() const { return bytes_; }
  /// All of them; none are left.
  std::deque<Block> take();
  /// Back to the front.
  void put_back(std::deque<Block> blocks);
  /// Drops the oldest records of the lowest level, block by block, until what is left is so small or has none of a
  /// level up to `highest`.
  void shrink(std::size_t to_bytes, LogLevel highest = LogLevel::critical);

 private:
  Block& open_block();

  std::uint64_t sent_seq_;
  std::size_t block_bytes_;
  bool is_open_ = false;
  std::deque<Block> blocks_;
  std::size_t bytes_ = 0;
  // The gap that ends the open block, if one does.
  std::optional<Gap> last_gap_;
  std::size_t last_gap_at_ = 0;
};

/// All in one.
Block join(Blocks blocks);

/// The block without its records of one level, a gap in their place; those up to `sent_seq` stay.
Block without_level(const Block& block, LogLevel level, std::uint64_t sent_seq);

/// Adds what is in these frames but marks.
void copy_frames(ByteView frames, Blocks& to);

/// The lowest level that counts something.
std::optional<LogLevel> lowest_of(const LevelCounts& counts) noexcept;

/// The lowest level of which there is something to drop, and the first tally that has it.
struct Victim {
  std::size_t index = 0;
  LogLevel level = LogLevel::debug;
};
std::optional<Victim> choose_victim(std::span<const Tally> tallies);

}  // namespace p2p::logs
