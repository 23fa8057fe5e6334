// The part of a spool that is on the disk: an index of its segments, and what is done to them. Blocks on the disk; the
// spool calls it on its own thread.
#pragma once

#include "logs/spool/spool_recovery.hpp"

namespace p2p::logs {

inline constexpr std::uint64_t kMaxSegmentBytes = 4 << 20;
/// A spool has at least so many segments below its cap, so that little goes at a time.
inline constexpr std::uint64_t kLeastSegments = 16;

/// One thread at a time.
class SpoolFiles {
 public:
  /// Takes over what was recovered.
  SpoolFiles(SegmentFolder folder, RecoveredSpool recovered, std::uint64_t max_bytes, const BootId& boot, Logger log);

  /// Of the segments, with what is acknowledged but still in them.
  std::uint64_t size_bytes() const;
  /// Of these, what is acknowledged.
  std::uint64_t acknowledged_bytes() const;
  /// By level, how many records may be dropped of the segments that have some behind `sent_seq`.
  LevelCounts droppable(std::uint64_t sent_seq) const;
  bool needs_sync() const { return folder_.needs_sync(); }

  /// Writes the blocks in order, then the mark, and moves blocks to `written` as they are. A block has records of one
  /// epoch.
  Result<void> write(std::deque<Block>& blocks, const Epochs& epochs, const MarkFrame& mark,
                     std::vector<Block>& written);
  /// A segment that puts all records there are into this epoch.
  Result<void> begin_epoch(std::uint64_t epoch, std::uint64_t next_seq, const MarkFrame& mark);
  /// Where segments and waiting blocks together exceed the cap: drops the oldest records of the lowest level until a
  /// segment's worth is free, in steps of one level of one segment. Nothing up to `sent_seq` goes.
  void make_room(std::deque<Block>& waiting, const Epochs& epochs, std::uint64_t sent_seq);
  /// Blocks that cover `seq` and what follows in its segment, at most about `max_bytes` but at least one. Records that
  /// cannot be read any more are a gap, which is said. `seq` was written.
  Blocks load(std::uint64_t seq, std::size_t max_bytes);
  /// Removes segments that are acknowledged as a whole; but one stays, which knows epoch and number.
  void acknowledge(std::uint64_t seq);
  Result<void> sync() { return folder_.sync(); }
  void forget_unsynced() { folder_.forget_unsynced(); }
  /// After the last write: says in the spool that nothing is missing, and syncs.
  Result<void> close(const Epochs& epochs, const MarkFrame& mark);

 private:
  Result<void> begin_segment(const SegmentHeader& header, const MarkFrame& mark);
  Result<void> append(ByteView frames);
  Result<Block> read(const Segment& segment) const;
  Result<void> rewrite(std::size_t index, const Block& block, std::uint64_t sent_seq);
  bool drop(std::size_t index, LogLevel level, const Epochs& epochs, std::uint64_t sent_seq);
  void join_last_two(const RecoveredSpool& recovered);

  SegmentFolder folder_;
  std::vector<Segment> segments_;
  std::uint64_t next_number_;
  std::uint64_t acknowledged_;
  const std::uint64_t max_bytes_;
  const std::uint64_t segment_bytes_;
  const BootId boot_;
  Logger log_;
  SourcePositions positions_;  // of what is written
};

}  // namespace p2p::logs
