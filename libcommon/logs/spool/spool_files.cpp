#include "logs/spool/spool_files.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "logs/spool/recover.hpp"

namespace p2p::logs {
SpoolFiles::SpoolFiles(SegmentFolder folder, RecoveredSpool recovered, std::uint64_t max_bytes, const BootId& boot,
                       Logger log)
    : folder_(std::move(folder)),
      segments_(std::move(recovered.segments)),
      next_number_(recovered.next_number),
      acknowledged_(recovered.acknowledged),
      max_bytes_(max_bytes),
      segment_bytes_(std::min(kMaxSegmentBytes, max_bytes / kLeastSegments)),
      boot_(boot),
      log_(std::move(log)),
      positions_(std::move(recovered.positions)) {
  acknowledge(acknowledged_);
  join_last_two(recovered);
  if (segments_.empty()) return;
  // A new epoch must not be forgotten, should the process be killed before it writes. A full disk comes up later.
  const std::uint64_t next = recovered.last_seq + 1;
  if (const std::uint64_t epoch = recovered.epochs.at(next); epoch != segments_.back().epoch)
    (void)begin_segment({epoch, next, boot_, false}, {recovered.acknowledged, recovered.sent, false});
}

std::uint64_t SpoolFiles::size_bytes() const {
  return std::accumulate(segments_.begin(), segments_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Segment& segment) { return sum + segment.bytes; });
}

std::uint64_t SpoolFiles::acknowledged_bytes() const {
  std::uint64_t out = 0;
  for (const auto& segment : segments_) {
    if (segment.last_seq() <= acknowledged_) {
      out += segment.bytes;
    } else if (segment.first_seq <= acknowledged_) {
      const auto count = static_cast<double>(segment.last_seq() - segment.first_seq + 1);
      const auto stored = static_cast<double>(acknowledged_ - segment.first_seq + 1);
      out += static_cast<std::uint64_t>(static_cast<double>(segment.bytes) * stored / count);
    }
  }
  return out;
}

LevelCounts SpoolFiles::droppable(std::uint64_t sent_seq) const {
  Tally out;
  for (const auto& segment : segments_) {
    if (segment.last_seq() > sent_seq) out.add(segment.tally);
  }
  return out.droppable;
}

/// Each start makes a segment; a program that is restarted often must not leave thousands of small ones.
void SpoolFiles::join_last_two(const RecoveredSpool& recovered) {
  if (segments_.size() < 2) return;
  const std::size_t last = segments_.size() - 1;
  if (segments_[last - 1].epoch != segments_[last].epoch ||
      segments_[last - 1].bytes + segments_[last].bytes > segment_bytes_)
    return;
  auto first_half = read(segments_[last - 1]);
  auto second_half = read(segments_[last]);
  if (!first_half || !second_half) return;
  Blocks both(recovered.sent);
  copy_frames(first_half->frames, both);
  copy_frames(second_half->frames, both);
  Segment& joined = segments_[last - 1];
  const Block block = join(std::move(both));
  Bytes content = encode_segment({joined.epoch, joined.first_seq, recovered.last_boot, false}, block.frames);
  const auto positions = positions_.all();
  if (!positions.empty()) append_frame(content, positions);
  append_frame(content, MarkFrame{recovered.acknowledged, recovered.sent, recovered.closed});
  if (!folder_.replace(joined.number, content)) return;
  joined.bytes = content.size();
  joined.tally = block.tally;
  if (folder_.remove(segments_[last].number)) segments_.pop_back();
}

Result<void> SpoolFiles::begin_segment(const SegmentHeader& header, const MarkFrame& mark) {
  Bytes frames;
  const auto positions = positions_.all();
  if (!positions.empty()) append_frame(frames, positions);
  append_frame(frames, mark);
  const Bytes content = encode_segment(header, frames);
  const std::uint64_t number = next_number_++;
  if (auto made = folder_.create(number, content); !made) return made;
  segments_.push_back({number, header.epoch, header.first_seq, content.size(), {}});
  return {};
}

Result<void> SpoolFiles::append(ByteView frames) {
  if (auto written = folder_.append(frames); !written) return written;
  segments_.back().bytes += frames.size();
  return {};
}

Result<void> SpoolFiles::write(std::deque<Block>& blocks, const Epochs& epochs, const MarkFrame& mark,
                               std::vector<Block>& written) {
  while (!blocks.empty()) {
    const Block& block = blocks.front();
    const std::uint64_t epoch = epochs.at(block.tally.first_seq);
    const bool fits =
        folder_.can_append() && segments_.back().epoch == epoch &&
        (segments_.back().tally.empty() || segments_.back().bytes + block.frames.size() <= segment_bytes_);
    if (!fits) {
      if (auto begun = begin_segment({epoch, block.tally.first_seq, boot_, false}, mark); !begun) return begun;
    }
    if (auto appended = append(block.frames); !appended) return appended;
    segments_.back().tally.add(block.tally);
    for (const auto& position : block.positions) positions_.set(position);
    written.push_back(std::move(blocks.front()));
    blocks.pop_front();
  }
  if (!folder_.can_append()) return {};
  Bytes frames;
  append_frame(frames, mark);
  return append(frames);
}

Result<void> SpoolFiles::begin_epoch(std::uint64_t epoch, std::uint64_t next_seq, const MarkFrame& mark) {
  if (auto begun = begin_segment({epoch, next_seq, boot_, true}, mark); !begun) return begun;
  for (auto& segment : segments_) segment.epoch = epoch;
  return folder_.sync();
}

Result<void> SpoolFiles::close(const Epochs& epochs, const MarkFrame& mark) {
  if (segments_.empty()) return {};
  if (!folder_.can_append()) {
    const std::uint64_t next = segments_.back().last_seq() + 1;
    if (auto begun = begin_segment({epochs.at(next), next, boot_, false}, mark); !begun) return begun;
  } else {
    Bytes frames;
    append_frame(frames, mark);
    if (auto written = append(frames); !written) return written;
  }
  acknowledge(mark.acknowledged);
  return folder_.sync();
}

/// What is in the file by now, repaired where it must be.
Result<Block> SpoolFiles::read(const Segment& segment) const {
  if (segment.tally.empty()) return Block{};
  const auto file = folder_.read(segment.number, std::numeric_limits<std::size_t>::max());
  if (!file) return file.error();
  SourcePositions unused;
  const std::size_t begin = std::min(file->size(), kSegmentHeaderBytes);
  Recovered recovered = recover_frames(ByteView(*file).subspan(begin), segment.tally.first_seq, unused);
  const Tally found = recovered.blocks.tally();
  const std::uint64_t next = found.empty() ? segment.tally.first_seq : found.last_seq + 1;
  if (next <= segment.tally.last_seq) {
    const std::uint64_t count = segment.tally.last_seq + 1 - next;
    recovered.blocks.add(Gap{next, segment.tally.last_seq, {}, count});
    recovered.damaged_records += count;
  }
  if (recovered.damaged_records > 0)
    log_.error("the log spool is damaged in {}: {} records are lost", folder_.file_of(segment.number).string(),
               recovered.damaged_records);
  return join(std::move(recovered.blocks));
}

Blocks SpoolFiles::load(std::uint64_t seq, std::size_t max_bytes) {
  const auto segment =
      std::find_if(segments_.begin(), segments_.end(), [&](const Segment& one) { return one.last_seq() >= seq; });
  Blocks out;
  if (segment == segments_.end()) return out;
  auto block = read(*segment);
  if (!block) {
    const std::uint64_t first = std::max(seq, segment->first_seq);
    const std::uint64_t count = segment->last_seq() + 1 - first;
    log_.error("the log spool cannot be read, {} records are lost: {}", count, block.error().context);
    out.add(Gap{first, segment->last_seq(), {}, count});
    return out;
  }
  FrameReader reader(block->frames);
  while (const auto frame = reader.next()) {
    const auto* record = std::get_if<RecordFrame>(&*frame);
    const auto* gap = std::get_if<Gap>(&*frame);
    if ((record != nullptr && record->seq < seq) || (gap != nullptr && gap->last_seq < seq)) continue;
    if (!out.empty() && out.size_bytes() >= max_bytes) break;
    if (record != nullptr) out.add(*record);
    if (gap != nullptr) out.add(*gap);
  }
  return out;
}

void SpoolFiles::acknowledge(std::uint64_t seq) {
  acknowledged_ = std::max(acknowledged_, seq);
  const auto is_over = [&](std::size_t index) {
    return index + 1 < segments_.size() && segments_[index].last_seq() <= acknowledged_;
  };
  // After a power loss the last one must be there: it has the positions that those before it had.
  if (!is_over(0) || !folder_.sync(segments_.back().number)) return;
  std::size_t count = 0;
  while (is_over(count) && folder_.remove(segments_[count].number)) ++count;
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
}

/// In place of the segment; where it has become small, joined to the one before.
Result<void> SpoolFiles::rewrite(std::size_t index, const Block& block, std::uint64_t sent_seq) {
  Segment& segment = segments_[index];
  if (index > 0 && segments_[index - 1].epoch == segment.epoch && !segments_[index - 1].tally.empty() &&
      segments_[index - 1].bytes + block.frames.size() <= segment_bytes_) {
    Segment& before = segments_[index - 1];
    auto earlier = read(before);
    if (!earlier) return earlier.error();
    Blocks both(sent_seq);
    copy_frames(earlier->frames, both);
    copy_frames(block.frames, both);
    const Block joined = join(std::move(both));
    const Bytes content = encode_segment({before.epoch, before.first_seq, boot_, false}, joined.frames);
    if (auto replaced = folder_.replace(before.number, content); !replaced) return replaced;
    before.bytes = content.size();
    before.tally = joined.tally;
    if (auto removed = folder_.remove(segment.number); !removed) return removed;
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index));
    return {};
  }
  const Bytes content = encode_segment({segment.epoch, segment.first_seq, boot_, false}, block.frames);
  if (auto replaced = folder_.replace(segment.number, content); !replaced) return replaced;
  segment.bytes = content.size();
  segment.tally = block.tally;
  return {};
}

bool SpoolFiles::drop(std::size_t index, LogLevel level, const Epochs& epochs, std::uint64_t sent_seq) {
  if (segments_[index].last_seq() <= sent_seq) {
    segments_[index].tally.droppable = {};
    return true;
  }
  if (index + 1 == segments_.size()) {
    // The last one has positions and marks, and is written to: another one takes its place.
    const std::uint64_t next = segments_[index].last_seq() + 1;
    if (!begin_segment({epochs.at(next), next, boot_, false}, {acknowledged_, sent_seq, false})) return false;
  }
  auto block = read(segments_[index]);
  if (!block) {
    segments_[index].tally.droppable = {};
    return true;
  }
  return rewrite(index, without_level(*block, level, sent_seq), sent_seq).has_value();
}

void SpoolFiles::make_room(std::deque<Block>& waiting, const Epochs& epochs, std::uint64_t sent_seq) {
  const auto waiting_bytes = [&] {
    return std::accumulate(waiting.begin(), waiting.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Block& block) { return sum + block.frames.size(); });
  };
  if (size_bytes() + waiting_bytes() <= max_bytes_) return;
  const std::uint64_t enough = max_bytes_ - segment_bytes_;
  while (size_bytes() + waiting_bytes() > enough) {
    std::vector<Tally> tallies;
    for (const auto& segment : segments_) tallies.push_back(segment.tally);
    for (const auto& block : waiting) tallies.push_back(block.tally);
    const auto victim = choose_victim(tallies);
    if (!victim) return;
    if (victim->index < segments_.size()) {
      if (!drop(victim->index, victim->level, epochs, sent_seq)) return;
    } else {
      Block& block = waiting[victim->index - segments_.size()];
      block = without_level(block, victim->level, sent_seq);
    }
  }
}

}  // namespace p2p::logs
