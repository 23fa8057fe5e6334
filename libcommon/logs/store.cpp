#include "logs/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/file.hpp"
#include "base/free_name.hpp"
#include "base/rfc3339.hpp"
#include "logs/day_reader.hpp"
#include "logs/day_writer.hpp"
#include "logs/store_day.hpp"

namespace p2p::logs {
namespace {

namespace fs = std::filesystem;

/// A clock that fell by less is waited for, so that small corrections make no new file.
constexpr std::chrono::minutes kClockTolerance{1};
/// After a damaged file its numbers are not known; this skips them.
constexpr std::uint64_t kDamagedNumbers = std::uint64_t{1} << 32;

bool is_day_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("logs-") && name.ends_with(".db");
}

std::string date_of(WallTime time) { return format_rfc3339(time, 0).substr(0, 10); }

fs::path damaged_name(const fs::path& path) { return path.string() + ".damaged"; }

/// `logs-<date>.db`, or with a number when the clock was there before. The name of a file that was set aside is not
/// used again: a query that still has it open knows its journal by that name.
fs::path free_path(const fs::path& folder, const std::string& date) {
  fs::path out = folder / fmt::format("logs-{}.db", date);
  for (int i = 2; file_exists(out) || file_exists(damaged_name(out)); ++i)
    out = folder / fmt::format("logs-{}.{}.db", date, i);
  return out;
}

}  // namespace

Store::Store(StoreOptions options, const Clock& clock, Random& random, LogSink& log)
    : options_(std::move(options)), clock_(clock), random_(random), log_(log, "LogStore") {}

Store::~Store() { stop_indexer(); }

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, const Clock& clock, Random& random, LogSink& log) {
  if (const auto made = make_folder(options.folder); !made) return made.error();
  std::unique_ptr<Store> out(new Store(std::move(options), clock, random, log));
  if (const auto loaded = out->load(); !loaded) return loaded.error();
  out->start_indexer();
  return out;
}

Result<void> Store::load() {
  auto paths = files_in(options_.folder);
  if (!paths) return paths.error();
  std::erase_if(*paths, [](const fs::path& path) { return !is_day_file(path); });
  // The newest says whose store this is.
  std::reverse(paths->begin(), paths->end());
  bool any_damaged = false;
  for (const auto& path : *paths) {
    const auto loaded = load_day(path);
    if (loaded) continue;
    if (loaded.error().kind() != Errc::damaged) return loaded.error();
    set_aside(path, loaded.error());
    any_damaged = true;
  }
  std::sort(days_.begin(), days_.end(), [](const auto& a, const auto& b) { return a->first_number < b->first_number; });
  if (!days_.empty()) last_number_ = days_.back()->last_number + (any_damaged ? kDamagedNumbers : 0);
  begin_new_file_ = any_damaged;  // numbers are contiguous within one
  if (store_id_.empty()) store_id_ = fmt::format("{:016x}", random_.next());
  for (const auto& day : days_) {
    open_index(*day);
    if (!is_recent(day)) day->idle_readers.clear();
  }
  remove_stray_indexes();
  wants_retention_ = true;
  return {};
}

Result<void> Store::load_day(const fs::path& path) {
  auto reader = DayReader::open(path);
  if (!reader) return reader.error();
  auto summary = (*reader)->summary();
  if (!summary) return summary.error();
  if (store_id_.empty()) store_id_ = summary->store_id;
  if (summary->store_id != store_id_) {
    log_.error("{} belongs to another log store and is left out", path.filename().string());
    return {};
  }
  auto day = std::make_shared<Day>();
  day->path = path;
  day->first_number = summary->first_number;
  day->last_number = summary->last_number;
  day->last_received = summary->last_received;
  for (const auto& node : summary->nodes) day->node_counts[node.name] = node.record_count;
  for (const auto& stream : summary->streams) {
    auto& mark = acknowledged_[{stream.node_id, stream.epoch}];
    mark = std::max(mark, stream.acknowledged);
  }
  std::error_code ignored;
  day->size_bytes = fs::file_size(path, ignored);
  day->idle_readers.push_back(std::move(*reader));
  days_.push_back(std::move(day));
  return {};
}

void Store::set_aside(const fs::path& path, const Error& why) {
  const fs::path aside = free_name(damaged_name(path));
  std::error_code failed;
  fs::rename(path, aside, failed);
  for (const char* suffix : {"-wal", "-shm"}) {
    std::error_code ignored;  // there may be none
    fs::rename(path.string() + suffix, aside.string() + suffix, ignored);
  }
  std::error_code ignored;
  fs::remove(fs::path(path).replace_extension(".idx"), ignored);
  if (failed) {
    log_.error("{} is damaged and cannot be set aside: {}; {}", path.filename().string(), failed.message(),
               why.context);
    return;
  }
  log_.error("{} is set aside as {}; \"sqlite3 FILE .recover\" may read some of it: {}", path.filename().string(),
             aside.filename().string(), why.context);
}

bool Store::note_damage(const DayPtr& day, const Error& why) {
  if (why.kind() != Errc::damaged) return false;
  const std::lock_guard lock(mutex_);
  if (!day->damage) day->damage = why;
  return true;
}

void Store::set_damaged_aside() {
  std::vector<DayPtr> damaged;
  {
    const std::lock_guard lock(mutex_);
    const auto is_damaged = [](const DayPtr& day) { return day->damage.has_value(); };
    std::copy_if(days_.begin(), days_.end(), std::back_inserter(damaged), is_damaged);
    if (damaged.empty()) return;
    if (damaged.back() == days_.back()) {
      current_.reset();
      begin_new_file_ = true;
    }
    std::erase_if(days_, is_damaged);
    for (const auto& day : damaged) day->idle_readers.clear();
  }
  for (const auto& day : damaged) {
    if (cleaner_day_ == day) {
      cleaner_.reset();
      cleaner_day_.reset();
    }
    set_aside(day->path, *day->damage);
  }
}

std::vector<Store::DayPtr> Store::days() const {
  const std::lock_guard lock(mutex_);
  std::vector<DayPtr> out;
  std::copy_if(days_.begin(), days_.end(), std::back_inserter(out), [](const DayPtr& day) { return !day->damage; });
  return out;
}

std::uint64_t Store::acknowledged(const std::string& node_id, std::uint64_t epoch) const {
  const auto known = acknowledged_.find({node_id, epoch});
  return known == acknowledged_.end() ? 0 : known->second;
}

/// Makes sure that `current_` is the file for a record received now.
Result<void> Store::roll(WallTime received_at) {
  const auto fits = [&](const Day& day) {
    const std::uint64_t bytes = day.size_bytes + (day.index == nullptr ? 0 : day.index->size_bytes());
    return date_of(day.last_received) == date_of(received_at) && received_at >= day.last_received &&
           (options_.max_bytes == 0 || bytes < options_.max_bytes / kStoreParts);
  };
  if (!days_.empty() && !begin_new_file_ && fits(*days_.back())) {
    if (current_ != nullptr) return {};
    auto opened = DayWriter::open(days_.back()->path);
    if (!opened) return opened.error();
    current_ = std::move(*opened);
    return {};
  }
  auto day = std::make_shared<Day>();
  day->path = free_path(options_.folder, date_of(received_at));
  day->first_number = last_number() + 1;
  day->last_number = last_number();
  day->last_received = received_at;
  auto created = DayWriter::create(day->path, store_id_, day->first_number);
  if (!created) {
    std::error_code ignored;
    fs::remove(day->path, ignored);
    return created.error();
  }
  if (current_ != nullptr) current_->finish();
  current_ = std::move(*created);
  if (!days_.empty()) checkpointer_.finished(days_.back()->path);
  begin_new_file_ = false;
  wants_retention_ = true;
  open_index(*day);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : days_) one->idle_readers.clear();
    days_.push_back(std::move(day));
  }
  wake_indexer();
  return {};
}

/// After a failed append: what is stored stays, and a file that is damaged does not keep the next one from its place.
void Store::recover(const Error& why) {
  if (current_ != nullptr) current_->roll_back();
  if (!days_.empty() && note_damage(days_.back(), why)) set_damaged_aside();
}

Result<CommittedBatchPtr> Store::append(std::vector<StreamBatch> batches) {
  set_damaged_aside();
  WallTime received_at = clock_.wall();
  if (!days_.empty() && received_at < days_.back()->last_received &&
      days_.back()->last_received - received_at <= kClockTolerance)
    received_at = days_.back()->last_received;
  auto out = std::make_shared<CommittedBatch>();
  auto done = roll(received_at);
  if (done) done = insert(batches, received_at, *out);
  if (!done) {
    recover(done.error());
    return done.error();
  }
  for (const auto& batch : batches) {
    auto& mark = acknowledged_[{batch.node_id, batch.epoch}];
    mark = std::max(mark, batch.acknowledged);
  }
  bool index_is_due = false;
  std::uint64_t size_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    Day& day = *days_.back();
    day.last_number = out->last_number;
    day.last_received = received_at;
    size_bytes = day.size_bytes = current_->size_bytes();
    for (std::size_t i = 0; i < out->records.size();) {
      // Records of one node stand together.
      const std::string& node = out->records[i].record.node_id;
      std::size_t end = i + 1;
      while (end < out->records.size() && out->records[end].record.node_id == node) ++end;
      day.node_counts[node] += end - i;
      i = end;
    }
    const std::uint64_t indexed_to = day.index == nullptr ? day.last_number : day.index->indexed_to();
    index_is_due = day.last_number >= std::max(indexed_to + 1, day.first_number) + kIndexedTogether - 1;
  }
  if (index_is_due) wake_indexer();
  checkpointer_.committed(days_.back()->path, size_bytes);
  last_number_.store(out->last_number, std::memory_order_release);
  return CommittedBatchPtr(std::move(out));
}

Result<void> Store::insert(std::vector<StreamBatch>& batches, WallTime received_at, CommittedBatch& out) {
  if (const auto begun = current_->begin(); !begun) return begun;
  std::uint64_t number = last_number();
  std::map<StreamKey, std::uint64_t> stored_to;
  std::size_t count = 0;
  for (const auto& batch : batches) count += batch.records.size();
  out.records.reserve(count);
  for (auto& batch : batches) {
    const auto [mark, is_first] = stored_to.try_emplace({batch.node_id, batch.epoch}, 0);
    if (is_first) mark->second = acknowledged(batch.node_id, batch.epoch);
    const auto stream = current_->stream_row(batch.node_id, batch.epoch);
    if (!stream) return stream.error();
    for (auto& record : batch.records) {
      if (record.seq <= mark->second) continue;
      mark->second = record.seq;
      record.node_id = batch.node_id;
      record.epoch = batch.epoch;
      record.received_at = received_at;
      if (const auto done = current_->insert(*stream, ++number, record); !done) return done;
      out.bytes += memory_of(record);
      out.records.push_back({number, std::move(record)});
    }
    mark->second = std::max(mark->second, batch.acknowledged);
    if (const auto done = current_->acknowledge(*stream, batch.acknowledged); !done) return done;
  }
  out.last_number = number;
  return current_->commit();
}

}  // namespace p2p::logs
