#include "logs/spool/block.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace p2p::logs {
namespace {

void keep_last(std::vector<SourcePosition>& positions, std::string_view source, std::string_view position) {
  // The one that came last is likely to come next.
  const auto same = std::find_if(positions.rbegin(), positions.rend(),
                                 [&](const SourcePosition& known) { return known.source == source; });
  if (same != positions.rend())
    same->position = position;
  else
    positions.push_back({std::string(source), std::string(position)});
}

}  // namespace

void Tally::cover(std::uint64_t first, std::uint64_t last) {
  if (empty()) first_seq = first;
  last_seq = last;
}

void Tally::add(const Tally& next) {
  if (next.empty()) return;
  cover(next.first_seq, next.last_seq);
  for (std::size_t i = 0; i < droppable.size(); ++i) droppable[i] += next.droppable[i];
}

Block& Blocks::open_block() {
  if (!is_open_ || blocks_.back().frames.size() >= block_bytes_) {
    blocks_.emplace_back();
    last_gap_.reset();
    is_open_ = true;
  }
  return blocks_.back();
}

void Blocks::add(const RecordFrame& record) {
  Block& block = open_block();
  const std::size_t before = block.frames.size();
  append_frame(block.frames, record);
  bytes_ += block.frames.size() - before;
  block.tally.cover(record.seq, record.seq);
  if (record.seq > sent_seq_) ++block.tally.droppable[static_cast<std::size_t>(record.level)];
  if (!record.source.empty()) keep_last(block.positions, record.source, record.position);
  last_gap_.reset();
}

void Blocks::add(const Gap& gap) {
  Block& block = open_block();
  const std::size_t before = block.frames.size();
  const bool joins = last_gap_ && last_gap_->first_seq > sent_seq_ && last_gap_->last_seq + 1 == gap.first_seq;
  if (joins) {
    block.frames.resize(last_gap_at_);
    last_gap_->last_seq = gap.last_seq;
    for (std::size_t i = 0; i < gap.lost.size(); ++i) last_gap_->lost[i] += gap.lost[i];
    last_gap_->damaged += gap.damaged;
  } else {
    last_gap_ = gap;
    last_gap_at_ = block.frames.size();
  }
  append_frame(block.frames, *last_gap_);
  bytes_ += block.frames.size() - before;
  block.tally.cover(gap.first_seq, gap.last_seq);
}

void Blocks::add(std::span<const SourcePosition> positions) {
  if (positions.empty()) return;
  Block& block = open_block();
  const std::size_t before = block.frames.size();
  append_frame(block.frames, positions);
  bytes_ += block.frames.size() - before;
  for (const auto& position : positions) keep_last(block.positions, position.source, position.position);
  last_gap_.reset();
}

Tally Blocks::tally() const {
  Tally out;
  for (const auto& block : blocks_) out.add(block.tally);
  return out;
}

std::deque<Block> Blocks::take() {
  is_open_ = false;
  bytes_ = 0;
  return std::exchange(blocks_, {});
}

void Blocks::put_back(std::deque<Block> blocks) {
  for (const auto& block : blocks) bytes_ += block.frames.size();
  blocks_.insert(blocks_.begin(), std::make_move_iterator(blocks.begin()), std::make_move_iterator(blocks.end()));
}

void Blocks::shrink(std::size_t to_bytes, LogLevel highest) {
  std::vector<Tally> tallies;
  for (const auto& block : blocks_) tallies.push_back(block.tally);
  bool has_dropped = false;
  while (bytes_ > to_bytes) {
    const auto victim = choose_victim(tallies);
    if (!victim || victim->level > highest) break;
    has_dropped = true;
    Block& block = blocks_[victim->index];
    bytes_ -= block.frames.size();
    block = without_level(block, victim->level, sent_seq_);
    bytes_ += block.frames.size();
    tallies[victim->index] = block.tally;
  }
  if (!has_dropped) return;
  // Blocks that have become small are joined, as else there would be more and more of them.
  std::deque<Block> all = take();
  for (auto& block : all) {
    if (!blocks_.empty() && blocks_.back().frames.size() + block.frames.size() <= block_bytes_) {
      Blocks both(sent_seq_, 2 * block_bytes_);
      copy_frames(blocks_.back().frames, both);
      copy_frames(block.frames, both);
      bytes_ -= blocks_.back().frames.size();
      blocks_.back() = join(std::move(both));
    } else {
      blocks_.push_back(std::move(block));
    }
    bytes_ += blocks_.back().frames.size();
  }
}

Block join(Blocks blocks) {
  const std::size_t bytes = blocks.size_bytes();
  std::deque<Block> list = blocks.take();
  if (list.empty()) return {};
  Block out = std::move(list.front());
  out.frames.reserve(bytes);
  for (std::size_t i = 1; i < list.size(); ++i) {
    const Block& next = list[i];
    out.frames.insert(out.frames.end(), next.frames.begin(), next.frames.end());
    out.tally.add(next.tally);
    for (const auto& position : next.positions) keep_last(out.positions, position.source, position.position);
  }
  return out;
}

Block without_level(const Block& block, LogLevel level, std::uint64_t sent_seq) {
  Blocks out(sent_seq);
  FrameReader reader(block.frames);
  while (const auto frame = reader.next()) {
    if (const auto* record = std::get_if<RecordFrame>(&*frame)) {
      if (record->level == level && record->seq > sent_seq) {
        Gap gap{record->seq, record->seq, {}, 0};
        gap.lost[static_cast<std::size_t>(level)] = 1;
        out.add(gap);
      } else {
        out.add(*record);
      }
    } else if (const auto* gap = std::get_if<Gap>(&*frame)) {
      out.add(*gap);
    }
  }
  // Dropped records must not take back where their sources are.
  out.add(block.positions);
  return join(std::move(out));
}

void copy_frames(ByteView frames, Blocks& to) {
  FrameReader reader(frames);
  while (const auto frame = reader.next()) {
    if (const auto* record = std::get_if<RecordFrame>(&*frame)) to.add(*record);
    if (const auto* gap = std::get_if<Gap>(&*frame)) to.add(*gap);
    if (const auto* positions = std::get_if<PositionsFrame>(&*frame)) to.add(positions->positions);
  }
}

std::optional<LogLevel> lowest_of(const LevelCounts& counts) noexcept {
  const auto found = std::find_if(counts.begin(), counts.end(), [](auto count) { return count > 0; });
  if (found == counts.end()) return std::nullopt;
  return static_cast<LogLevel>(found - counts.begin());
}

std::optional<Victim> choose_victim(std::span<const Tally> tallies) {
  for (std::size_t level = 0; level < std::tuple_size_v<LevelCounts>; ++level) {
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      if (tallies[i].droppable[level] > 0) return Victim{i, static_cast<LogLevel>(level)};
    }
  }
  return std::nullopt;
}

}  // namespace p2p::logs
