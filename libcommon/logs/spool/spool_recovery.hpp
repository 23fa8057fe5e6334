// What a spool finds of its earlier life.
#pragma once

#include "base/random.hpp"
#include "logs/spool/block.hpp"
#include "logs/spool/epochs.hpp"
#include "logs/spool/segment_folder.hpp"

namespace p2p::logs {

struct Segment {
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 1;  ///< of its first record, whenever that comes
  std::uint64_t bytes = 0;
  Tally tally{};

  std::uint64_t last_seq() const { return tally.empty() ? first_seq - 1 : tally.last_seq; }
};

struct RecoveredSpool {
  std::vector<Segment> segments;  ///< those that are left, in order
  std::uint64_t next_number = 1;  ///< of segments
  std::uint64_t last_seq = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t sent = 0;  ///< nothing beyond has been given to a connection
  bool closed = false;     ///< the process before ended in order
  BootId last_boot{};      ///< in which the last segment was made
  Epochs epochs{0};
  SourcePositions positions;
};

/// This run of the machine, /proc/sys/kernel/random/boot_id; zeros where there is none.
BootId current_boot();

/// Reads all segments. What is damaged is said in the log and repaired or set aside; that is never an error. A new
/// epoch begins where numbers may have been given out that the segments do not know of: when the machine stopped
/// without the spool being closed, or its end is damaged.
Result<RecoveredSpool> recover_spool(SegmentFolder& folder, const BootId& boot, Random& random, const Logger& log);

}  // namespace p2p::logs
