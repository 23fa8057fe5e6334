#include "logs/spool/disk_spool.hpp"

#include <algorithm>

namespace p2p::logs {
namespace {

constexpr Monotonic kNever = Monotonic::max();

Monotonic clock_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Result<std::unique_ptr<DiskSpool>> DiskSpool::open(DiskSpoolOptions options, Random& random, LogSink& log, Disk& disk) {
  auto folder = SegmentFolder::open(options.folder, disk);
  if (!folder) return folder.error();
  const Logger logger(log, "LogSpool");
  auto recovered = recover_spool(*folder, options.boot, random, logger);
  if (!recovered) return recovered.error();
  return std::unique_ptr<DiskSpool>(
      new DiskSpool(std::move(options), std::move(*folder), std::move(*recovered), random, log));
}

DiskSpool::DiskSpool(DiskSpoolOptions options, SegmentFolder folder, RecoveredSpool recovered, Random& random,
                     LogSink& log)
    : options_(std::move(options)),
      most_waiting_bytes_(std::min<std::uint64_t>(kSpoolWaitingBytes, options_.max_bytes)),
      most_starved_bytes_(std::min<std::uint64_t>(kSpoolStarvedBytes, options_.max_bytes)),
      random_(random),
      log_(log, "LogSpool"),
      files_(std::move(folder), recovered, options_.max_bytes, options_.boot, log_),
      epochs_(std::move(recovered.epochs)),
      positions_(std::move(recovered.positions)),
      last_seq_(recovered.last_seq),
      written_seq_(recovered.last_seq),
      acknowledged_(recovered.acknowledged),
      sent_(recovered.sent),
      allowed_(recovered.sent),
      waiting_(0, std::min<std::uint64_t>(kBlockBytes, options_.max_bytes / kLeastSegments)) {
  epochs_.forget_before(acknowledged_ + 1);
  count_files();
  thread_ = std::thread([this] { run(); });
}

DiskSpool::~DiskSpool() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

// --- what the shipper sees ------------------------------------------------------------------------------------------

std::uint64_t DiskSpool::epoch() const {
  const Lock lock(mutex_);
  return epochs_.at(acknowledged_ + 1);
}

std::uint64_t DiskSpool::epoch_end() const {
  const Lock lock(mutex_);
  return epochs_.end_at(acknowledged_ + 1);
}

void DiskSpool::begin_epoch() {
  {
    const Lock lock(mutex_);
    epochs_.replace(random_.below(kEpochLimit));
    epoch_is_unwritten_ = true;
  }
  woken_.notify_one();
}

std::uint64_t DiskSpool::first_seq() const {
  const Lock lock(mutex_);
  return acknowledged_ + 1;
}

std::uint64_t DiskSpool::last_seq() const {
  const Lock lock(mutex_);
  return last_seq_;
}

std::size_t DiskSpool::size_bytes() const {
  const Lock lock(mutex_);
  if (acknowledged_ == last_seq_) return 0;
  return std::max<std::size_t>(files_bytes_ - files_acknowledged_bytes_ + waiting_bytes(), 1);
}

bool DiskSpool::has_room() const {
  const Lock lock(mutex_);
  const std::size_t waiting = waiting_bytes();
  return waiting < most_waiting_bytes_ / 2 &&
         files_bytes_ - files_acknowledged_bytes_ + waiting < options_.max_bytes / 4 * 3;
}

bool DiskSpool::is_failing() const {
  const Lock lock(mutex_);
  return write_trouble_ || sync_trouble_;
}

std::optional<std::string> DiskSpool::source_position(const std::string& source) const {
  const Lock lock(mutex_);
  return positions_.find(source);
}

void DiskSpool::append(std::uint64_t seq, LogLevel level, Bytes item, const SourcePosition& position) {
  bool is_due = false;
  {
    const Lock lock(mutex_);
    RecordFrame frame{seq, level, item, {}, {}};
    if (position.is_kept()) {
      frame.source = position.source;
      frame.position = position.position;
      positions_.set(position);
    }
    waiting_.add(frame);
    last_seq_ = seq;
    if (waiting_.size_bytes() > std::max(bound_at_, most_waiting_bytes_)) bound_waiting();
    is_due = is_waiting_ && due() < waits_until_;
  }
  if (is_due) woken_.notify_one();
}

/// With the lock. To less than is needed, and not again before much more has come, so that it is not done for each
/// record.
void DiskSpool::bound_waiting() {
  waiting_.shrink(most_waiting_bytes_ / 8 * 7, lowest_written_.value_or(LogLevel::critical));
  if (waiting_.size_bytes() > most_starved_bytes_) waiting_.shrink(most_starved_bytes_ / 8 * 7);
  bound_at_ = std::min(waiting_.size_bytes() / 8 * 9, most_starved_bytes_);
}

std::uint64_t DiskSpool::ready_to(std::uint64_t seq) {
  {
    const Lock lock(mutex_);
    asked_ = seq;
    if (!epoch_is_unwritten_ && is_cached(seq) && seq <= allowed_)
      return std::min({cache_.back()->tally.last_seq, allowed_, epochs_.end_at(seq)});
    if (seq > written_seq_) return seq - 1;
  }
  woken_.notify_one();
  return seq - 1;
}

SpoolChunk DiskSpool::read_from(std::uint64_t seq, std::size_t max_bytes) const {
  const Lock lock(mutex_);
  return read_cached(seq, max_bytes);
}

SpoolChunk DiskSpool::take_from(std::uint64_t seq, std::size_t max_bytes) {
  const Lock lock(mutex_);
  SpoolChunk out = read_cached(seq, max_bytes);
  sent_ = std::max(sent_, out.last_seq);
  return out;
}

/// With the lock.
SpoolChunk DiskSpool::read_cached(std::uint64_t seq, std::size_t max_bytes) const {
  SpoolChunk out;
  const std::uint64_t end = std::min(allowed_, epochs_.end_at(seq));
  for (const auto& block : cache_) {
    if (block->tally.last_seq < seq) continue;
    FrameReader reader(block->frames);
    while (const auto frame = reader.next()) {
      const auto* record = std::get_if<RecordFrame>(&*frame);
      const auto* gap = std::get_if<Gap>(&*frame);
      if (record == nullptr && gap == nullptr) continue;
      const std::uint64_t last = record != nullptr ? record->seq : gap->last_seq;
      if (last < seq) continue;
      const Bytes gap_item = gap != nullptr ? encode_item(*gap) : Bytes();
      const ByteView item = gap != nullptr ? ByteView(gap_item) : record->item;
      const bool is_full =
          out.item_count > 0 && (out.items.size() + item.size() > max_bytes || out.item_count == kMaxItemsPerMessage);
      if (is_full || last > end) return out;
      out.items.insert(out.items.end(), item.begin(), item.end());
      ++out.item_count;
      out.last_seq = last;
    }
  }
  return out;
}

void DiskSpool::mark_sent(std::uint64_t seq) {
  const Lock lock(mutex_);
  sent_ = std::max(sent_, seq);
}

void DiskSpool::acknowledge(std::uint64_t seq) {
  {
    const Lock lock(mutex_);
    if (seq <= acknowledged_) return;
    acknowledged_ = seq;
    sent_ = std::max(sent_, seq);
    while (!cache_.empty() && cache_.front()->tally.last_seq <= seq) {
      cache_bytes_ -= cache_.front()->frames.size();
      cache_.pop_front();
    }
    epochs_.forget_before(seq + 1);
    if (std::exchange(is_acknowledged_new_, true)) return;
    next_cleaning_ = clock_now() + kSpoolSyncInterval;
  }
  woken_.notify_one();
}

void DiskSpool::set_changed(std::function<void()> changed) {
  const Lock lock(mutex_);
  changed_ = std::move(changed);
}

// --- the thread -----------------------------------------------------------------------------------------------------

void DiskSpool::run() {
  Lock lock(mutex_);
  while (!stopping_) {
    const Monotonic until = due();
    if (until > clock_now()) {
      is_waiting_ = true;
      waits_until_ = until;
      if (until == kNever)
        woken_.wait(lock);
      else
        woken_.wait_until(lock, until);
      is_waiting_ = false;
      continue;
    }
    work(lock);
    const auto changed = changed_;
    lock.unlock();
    if (changed) changed();
    lock.lock();
  }
  close(lock);
}

/// When there is work; with the lock.
Monotonic DiskSpool::due() const {
  Monotonic out = kNever;
  if (!waiting_.empty() || epoch_is_unwritten_) {
    const bool is_much = waiting_.size_bytes() >= kBlockBytes || epoch_is_unwritten_;
    out = write_trouble_ ? next_retry_ : is_much ? Monotonic::min() : next_write_;
  }
  if (needs_sync_) out = std::min(out, next_sync_);
  if (is_acknowledged_new_) out = std::min(out, next_cleaning_);
  return must_load() ? Monotonic::min() : out;
}

/// Whether the shipper waits for what is written already.
bool DiskSpool::must_load() const {
  if (asked_ <= acknowledged_ || asked_ > written_seq_ || epoch_is_unwritten_) return false;
  return asked_ > allowed_ || !is_cached(asked_);
}

bool DiskSpool::is_cached(std::uint64_t seq) const {
  return !cache_.empty() && cache_.front()->tally.first_seq <= seq && seq <= cache_.back()->tally.last_seq;
}

void DiskSpool::work(Lock& lock) {
  const Monotonic now = clock_now();
  if (is_acknowledged_new_ && now >= next_cleaning_) {
    is_acknowledged_new_ = false;
    const std::uint64_t acknowledged = acknowledged_;
    lock.unlock();
    files_.acknowledge(acknowledged);
    lock.lock();
    count_files();
  }
  const bool may_write = !write_trouble_ || now >= next_retry_;
  if (epoch_is_unwritten_ && may_write) write_new_epoch(lock);
  if (!waiting_.empty() && may_write && !epoch_is_unwritten_) write(lock);
  if (must_load()) load(lock);
  if (needs_sync_ && now >= next_sync_) sync(lock);
}

void DiskSpool::write(Lock& lock) {
  writing_bytes_ = waiting_.size_bytes();
  std::deque<Block> blocks = waiting_.take();
  bound_at_ = 0;
  count_files(blocks);
  const Epochs epochs = epochs_;
  if (files_bytes_ + writing_bytes_ > options_.max_bytes) {
    // What may be dropped must not be sent meanwhile.
    allowed_ = sent_;
    while (!cache_.empty() && cache_.back()->tally.last_seq > sent_) {
      cache_bytes_ -= cache_.back()->frames.size();
      cache_.pop_back();
    }
    const std::uint64_t sent = sent_;
    lock.unlock();
    files_.make_room(blocks, epochs, sent);
    lock.lock();
  }
  // The others wait on.
  writing_bytes_ = 0;
  auto end = blocks.begin();
  while (end != blocks.end() && writing_bytes_ < kSpoolWriteBytes) writing_bytes_ += (end++)->frames.size();
  waiting_.put_back({std::make_move_iterator(end), std::make_move_iterator(blocks.end())});
  blocks.erase(end, blocks.end());
  count_files(blocks);
  // A shipper that has caught up may send what comes now.
  const std::uint64_t last = blocks.back().tally.last_seq;
  const bool is_wanted = asked_ == written_seq_ + 1;
  const MarkFrame with = mark(is_wanted ? last : allowed_);
  std::vector<Block> written;
  lock.unlock();
  const auto outcome = files_.write(blocks, epochs, with, written);
  lock.lock();
  writing_bytes_ = 0;
  next_write_ = clock_now() + kSpoolWriteInterval;
  if (!written.empty()) written_seq_ = written.back().tally.last_seq;
  for (auto& block : written) keep(std::move(block));
  if (outcome && is_wanted) allowed_ = std::max(allowed_, last);
  waiting_.put_back(std::move(blocks));
  if (files_.needs_sync() && !std::exchange(needs_sync_, true)) next_sync_ = clock_now() + kSpoolSyncInterval;
  count_files();
  set_outcome(lock, write_trouble_, outcome);
}

/// For the shipper, if it comes to this block next.
void DiskSpool::keep(Block block) {
  const std::uint64_t next = cache_.empty() ? std::max(acknowledged_ + 1, asked_) : cache_.back()->tally.last_seq + 1;
  if (block.tally.first_seq > next || block.tally.last_seq < next) return;
  if (!cache_.empty() && cache_bytes_ + block.frames.size() > kSpoolCacheBytes) return;
  cache_bytes_ += block.frames.size();
  cache_.push_back(std::make_shared<const Block>(std::move(block)));
}

void DiskSpool::write_new_epoch(Lock& lock) {
  const std::uint64_t next = written_seq_ + 1;
  const std::uint64_t epoch = epochs_.at(next);
  const MarkFrame with = mark(allowed_);
  lock.unlock();
  const auto outcome = files_.begin_epoch(epoch, next, with);
  lock.lock();
  if (outcome) epoch_is_unwritten_ = false;
  count_files();
  set_outcome(lock, write_trouble_, outcome);
}

/// What the shipper asked for comes into memory, and a mark that it may be sent into a segment.
void DiskSpool::load(Lock& lock) {
  const std::uint64_t from = asked_;
  if (!is_cached(from)) {
    if (!cache_.empty() && cache_.back()->tally.last_seq + 1 != from) {
      cache_.clear();
      cache_bytes_ = 0;
    }
    const std::size_t room = kSpoolCacheBytes - std::min(kSpoolCacheBytes, cache_bytes_);
    lock.unlock();
    Blocks blocks = files_.load(from, room);
    lock.lock();
    // Nobody should have removed it; what is missing must not stop what follows.
    if (const std::uint64_t first = blocks.empty() ? written_seq_ + 1 : blocks.list().front().tally.first_seq;
        first > from) {
      blocks = Blocks();
      blocks.add(Gap{from, first - 1, {}, first - from});
    }
    for (auto& block : blocks.take()) {
      cache_bytes_ += block.frames.size();
      cache_.push_back(std::make_shared<const Block>(std::move(block)));
    }
  }
  const std::uint64_t last = std::min(cache_.back()->tally.last_seq, written_seq_);
  if (last <= allowed_) return;
  std::deque<Block> none;
  std::vector<Block> written;
  const Epochs epochs = epochs_;
  const MarkFrame with = mark(last);
  lock.unlock();
  // Without the mark, after a kill, a gap may count what was stored; a full disk must not stop shipping for that.
  (void)files_.write(none, epochs, with, written);
  lock.lock();
  allowed_ = std::max(allowed_, last);
}

void DiskSpool::sync(Lock& lock) {
  needs_sync_ = false;
  next_sync_ = clock_now() + kSpoolSyncInterval;
  if (acknowledged_ >= written_seq_) {
    files_.forget_unsynced();
    set_outcome(lock, sync_trouble_, {});
    return;
  }
  lock.unlock();
  const auto outcome = files_.sync();
  lock.lock();
  set_outcome(lock, sync_trouble_, outcome);
}

/// Tells of a change. A failed sync does not stop writing.
void DiskSpool::set_outcome(Lock& lock, std::optional<std::string>& of, const Result<void>& outcome) {
  const bool had_trouble = write_trouble_ || sync_trouble_;
  if (!outcome) next_retry_ = clock_now() + kSpoolRetryInterval;
  of = outcome ? std::nullopt : std::optional(outcome.error().context);
  const auto trouble = write_trouble_ ? write_trouble_ : sync_trouble_;
  if (had_trouble == trouble.has_value()) return;
  // The log comes back here, with a record.
  lock.unlock();
  if (trouble)
    log_.error("log records wait in memory, the log spool cannot be written: {}", *trouble);
  else
    log_.info("the log spool is written again");
  if (options_.on_trouble) options_.on_trouble(trouble);
  lock.lock();
}

void DiskSpool::count_files(const std::deque<Block>& writing) {
  files_bytes_ = files_.size_bytes();
  files_acknowledged_bytes_ = files_.acknowledged_bytes();
  Tally written;
  written.droppable = files_.droppable(sent_);
  for (const auto& block : writing) written.add(block.tally);
  lowest_written_ = lowest_of(written.droppable);
}

void DiskSpool::close(Lock& lock) {
  if (epoch_is_unwritten_) write_new_epoch(lock);
  if (!waiting_.empty() && !epoch_is_unwritten_) {
    do write(lock);
    while (!waiting_.empty() && !write_trouble_);
  }
  if (!waiting_.empty() || epoch_is_unwritten_) return;  // it was said that the disk fails
  auto last_mark = mark(allowed_);
  last_mark.closed = true;
  if (const auto closed = files_.close(epochs_, last_mark); !closed) set_outcome(lock, write_trouble_, closed);
}

}  // namespace p2p::logs
