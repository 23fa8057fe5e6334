// What can be had from a segment, whatever has happened to it. Pure.
#pragma once

#include "logs/spool/block.hpp"

namespace p2p::logs {

struct Recovered {
  Blocks blocks;                      ///< records and gaps without a hole
  std::uint64_t acknowledged = 0;     ///< the highest that a mark names, 0 for none
  std::uint64_t sent = 0;             ///< likewise
  bool closed = false;                ///< the last frame is the mark of an orderly end
  std::uint64_t damaged_records = 0;  ///< for which there is a gap now
  std::size_t passed_bytes = 0;       ///< that were no whole frames
  std::size_t passed_at_end = 0;      ///< of these, after the last whole frame
};

/// Reads frames (without the header). `expected` is the number that comes first, 0 when that is not known; numbers
/// below it are repetitions and left out, and for those that are missing there is a gap. Positions go into `positions`.
Recovered recover_frames(ByteView frames, std::uint64_t expected, SourcePositions& positions);

}  // namespace p2p::logs
