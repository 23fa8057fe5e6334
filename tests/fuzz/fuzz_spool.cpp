// The reader of spool segments: whatever is in a file, what comes out of it are records and gaps without holes, and
// written again it reads the same.
#include <cstdlib>

#include "logs/spool/recover.hpp"

namespace {

using namespace p2p;
using namespace p2p::logs;

void require(bool condition) {
  if (!condition) std::abort();
}

/// The numbers rise by one from `first` to `last`.
void check_order(const Block& block, std::uint64_t first, std::uint64_t last) {
  std::uint64_t next = first;
  FrameReader reader(block.frames);
  while (const auto frame = reader.next()) {
    if (const auto* record = std::get_if<RecordFrame>(&*frame)) require(record->seq == next++);
    if (const auto* gap = std::get_if<Gap>(&*frame)) {
      require(gap->first_seq == next);
      next = gap->last_seq + 1;
    }
  }
  require(reader.skipped_bytes() == 0);
  require(next == last + 1);
}

void check(ByteView frames, std::uint64_t expected) {
  SourcePositions positions;
  Recovered recovered = recover_frames(frames, expected, positions);
  require(recovered.passed_at_end <= recovered.passed_bytes && recovered.passed_bytes <= frames.size());
  const Tally tally = recovered.blocks.tally();
  if (tally.empty()) return;
  if (expected > 0) require(tally.first_seq == expected);
  const Block block = join(std::move(recovered.blocks));
  check_order(block, tally.first_seq, tally.last_seq);
  SourcePositions again;
  const Recovered second = recover_frames(block.frames, tally.first_seq, again);
  require(second.damaged_records == 0 && second.passed_bytes == 0);
  for (const LogLevel level : {LogLevel::debug, LogLevel::error}) {
    const Block less = without_level(block, level, tally.first_seq);
    require(less.frames.size() <= block.frames.size() + kMaxFrameBytes);
    check_order(less, tally.first_seq, tally.last_seq);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto header = parse_header(input)) {
    const auto again = encode_header(*header);
    require(parse_header(again).value() == *header);
    check(input.subspan(kSegmentHeaderBytes), header->first_seq);
  }
  check(input, 0);
  return 0;
}
