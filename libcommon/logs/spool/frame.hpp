// The files of the disk spool. Numbers are big-endian. Pure.
//
// A segment is a header and frames. What was only partly written, or is damaged, is passed over: each frame has a
// checksum, and reading goes on at the next one that is whole.
//
//   0  8  "P2PSPOOL"
//   8  1  version: 1
//   9  1  flags; bit 0: records of the segments before belong to this epoch too
//  10  6  zero
//  16  8  epoch of the records
//  24  8  number of the first record
//  32 16  what identified this run of the machine when the segment was made
//  48 12  zero
//  60  4  CRC-32 (as in ZIP) of bytes 0..59
//
//   0  4  length n of the payload                 record     1, level, seq, item length (4), item, and where the
//   4  4  CRC-32 of the length and the payload               source can be read again: length (2), source, position
//   8  n  payload; its first byte says            gap        2, then as CBOR integers, for gaps must be smaller than
//         what it is                                         any record: first seq, last seq - first seq, lost by
//                                                            level (5), damaged
//                                                 positions  3, then (source length (2), position length (2), source,
//                                                            position) for each
//                                                 mark       4, acknowledged seq, sent seq, 1 when closed in order
//
// A segment begins with the positions of all sources, so that those before it can go. Example: a record of level INFO
// with seq 7 and a one-byte item is 00000010 crc 01 01 0000000000000007 00000001 F6, 23 bytes in all.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <variant>

#include "base/bytes.hpp"
#include "base/log_sink.hpp"
#include "logs/source_position.hpp"
#include "logs/wire.hpp"

namespace p2p::logs {

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFrameHeadBytes = 8;
/// The largest frame is one with all positions.
inline constexpr std::size_t kMaxFrameBytes = 1 << 20;
static_assert(kMaxSources * (4 + kMaxSourceBytes + kMaxPositionBytes) + 1 < kMaxFrameBytes);

using BootId = std::array<std::uint8_t, 16>;

struct SegmentHeader {
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 1;
  BootId boot_id{};
  bool takes_earlier = false;  ///< the records before belong to this epoch too
  bool operator==(const SegmentHeader&) const = default;
};

struct RecordFrame {
  std::uint64_t seq = 0;
  LogLevel level = LogLevel::debug;
  ByteView item;
  std::string_view source;  ///< empty for none
  std::string_view position;
};
struct PositionsFrame {
  std::vector<SourcePosition> positions;
};
struct MarkFrame {
  std::uint64_t acknowledged = 0;
  std::uint64_t sent = 0;  ///< nothing beyond this has been given to a connection
  bool closed = false;     ///< everything was written and synced: the process ended in order
};
/// Views are into the buffer that was read.
using Frame = std::variant<RecordFrame, Gap, PositionsFrame, MarkFrame>;

std::array<std::uint8_t, kSegmentHeaderBytes> encode_header(const SegmentHeader& header);
/// A whole file.
Bytes encode_segment(const SegmentHeader& header, ByteView frames);
/// `damaged`, or `unsupported` for another version.
Result<SegmentHeader> parse_header(ByteView file);

void append_frame(Bytes& out, const RecordFrame& frame);
void append_frame(Bytes& out, const Gap& frame);
void append_frame(Bytes& out, std::span<const SourcePosition> positions);
void append_frame(Bytes& out, const MarkFrame& frame);

/// Reads frames forward.
class FrameReader {
 public:
  explicit FrameReader(ByteView frames) : frames_(frames) {}
  /// The next whole frame, or nothing at the end; what is between is passed over.
  std::optional<Frame> next();
  /// Bytes passed over so far, those at the end included once next() gave nothing.
  std::size_t skipped_bytes() const { return skipped_; }

 private:
  ByteView frames_;
  std::size_t at_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace p2p::logs
