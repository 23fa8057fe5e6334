#include "logs/spool/recover.hpp"

#include <algorithm>

namespace p2p::logs {
namespace {

class Recovery {
 public:
  Recovery(std::uint64_t expected, SourcePositions& positions) : expected_(expected), positions_(positions) {}

  void take(const RecordFrame& record) {
    if (!begin_at(record.seq, record.seq)) return;
    out.blocks.add(record);
    if (!record.source.empty()) positions_.set({std::string(record.source), std::string(record.position)});
  }
  void take(Gap gap) {
    if (!begin_at(gap.first_seq, gap.last_seq)) return;
    gap.first_seq = std::max(gap.first_seq, next_);
    out.blocks.add(gap);
  }
  void take(const PositionsFrame& frame) {
    for (const auto& position : frame.positions) positions_.set(position);
  }
  void take(const MarkFrame& mark) {
    out.acknowledged = std::max(out.acknowledged, mark.acknowledged);
    out.sent = std::max(out.sent, mark.sent);
  }

  Recovered out;

 private:
  /// False for a repetition. A hole before it becomes a gap.
  bool begin_at(std::uint64_t first, std::uint64_t last) {
    if (expected_ == 0) expected_ = first;
    if (last < expected_) return false;
    if (first > expected_) {
      const std::uint64_t count = first - expected_;
      out.blocks.add(Gap{expected_, first - 1, {}, count});
      out.damaged_records += count;
    }
    next_ = std::max(first, expected_);
    expected_ = last + 1;
    return true;
  }

  std::uint64_t expected_;
  std::uint64_t next_ = 0;
  SourcePositions& positions_;
};

}  // namespace

Recovered recover_frames(ByteView frames, std::uint64_t expected, SourcePositions& positions) {
  Recovery recovery(expected, positions);
  Recovered& out = recovery.out;
  FrameReader reader(frames);
  std::size_t passed_before = 0;
  while (const auto frame = reader.next()) {
    passed_before = reader.skipped_bytes();
    std::visit([&](const auto& taken) { recovery.take(taken); }, *frame);
    const auto* mark = std::get_if<MarkFrame>(&*frame);
    out.closed = mark != nullptr && mark->closed;
  }
  out.passed_bytes = reader.skipped_bytes();
  out.passed_at_end = out.passed_bytes - passed_before;
  if (out.passed_at_end > 0) out.closed = false;
  return std::move(out);
}

}  // namespace p2p::logs
