// The deleting half of the store: whole days by age, single records by count or on request, always a little at a time.
#include <algorithm>

#include "logs/day_writer.hpp"
#include "logs/store.hpp"
#include "logs/store_day.hpp"

namespace p2p::logs {
namespace {

constexpr std::chrono::hours kClockJump{1};
constexpr std::chrono::hours kClockPatience{1};

}  // namespace

void Store::remove_day(const DayPtr& day) {
  {
    const std::lock_guard lock(mutex_);
    days_.erase(std::find(days_.begin(), days_.end(), day));
    day->idle_readers.clear();
  }
  if (cleaner_day_ == day) {
    cleaner_.reset();
    cleaner_day_.reset();
  }
  remove_files(*day);
  log_.info("removed {}", day->path.filename().string());
}

Result<DayWriter*> Store::writer_for(const DayPtr& day) {
  if (current_ != nullptr && day == days_.back()) return current_.get();
  if (cleaner_day_ != day) {
    auto opened = DayWriter::open(day->path);
    if (!opened) return opened.error();
    cleaner_ = std::move(*opened);
    if (cleaner_day_ != nullptr) checkpointer_.finished(cleaner_day_->path);
    cleaner_day_ = day;
  }
  return cleaner_.get();
}

Result<Removed> Store::remove_from(const DayPtr& day, const std::string& node_id, std::uint64_t up_to,
                                   std::uint64_t limit) {
  std::uint64_t& removed_to = day->removed_to[node_id];
  const std::uint64_t from = std::max(day->first_number, removed_to + 1);
  const std::uint64_t to = std::min({up_to, day->last_number, from + kRemovalStep - 1});
  if (from > to) return Removed{};
  const auto writer = writer_for(day);
  const auto removed = writer ? (*writer)->remove(node_id, from, to, limit) : writer.error();
  if (!removed && note_damage(day, removed.error())) return Removed{};
  if (!removed) return removed.error();
  if (*removed < limit) removed_to = to;
  const std::lock_guard lock(mutex_);
  auto& count = day->node_counts[node_id];
  count -= std::min(count, *removed);
  return Removed{*removed, true};
}

/// Of a file that must stay, the next numbers of every node at once.
Result<Removed> Store::remove_from_all(const DayPtr& day, std::uint64_t up_to) {
  std::uint64_t& removed_to = day->removed_to[""];
  const std::uint64_t from = std::max(day->first_number, removed_to + 1);
  const std::uint64_t to = std::min({up_to, day->last_number, from + kRemovalStep - 1});
  if (from > to) return Removed{};
  const auto writer = writer_for(day);
  const auto removed = writer ? (*writer)->remove_all(from, to) : writer.error();
  if (!removed && note_damage(day, removed.error())) return Removed{};
  if (!removed) return removed.error();
  removed_to = to;
  const std::lock_guard lock(mutex_);
  Removed out{0, true};
  for (const auto& [name, count] : *removed) {
    auto& left = day->node_counts[name];
    left -= std::min(left, count);
    out.count += count;
  }
  return out;
}

Result<Removed> Store::remove_some(const std::string& node_id, std::uint64_t up_to) {
  set_damaged_aside();
  const auto all = days();
  for (const auto& day : all) {
    if (day->first_number > up_to) break;
    std::uint64_t left = 0;
    for (const auto& [name, count] : day->node_counts) {
      if (node_id.empty() || name == node_id) left += count;
    }
    if (node_id.empty() && day != all.back() && day->last_number <= up_to) {
      remove_day(day);
      return Removed{left, true};
    }
    if (left == 0) continue;
    const auto removed = node_id.empty() ? remove_from_all(day, up_to) : remove_from(day, node_id, up_to, kRemovalStep);
    if (!removed || removed->more) return removed;
  }
  return Removed{};
}

/// A clock that jumps ahead may be wrong, and what is removed for it is gone: for an hour age does not count. At the
/// start there is no telling.
bool Store::is_clock_settled() {
  const Monotonic now = clock_.monotonic();
  const std::chrono::nanoseconds offset = clock_.wall().time_since_epoch() - now.time_since_epoch();
  if (clock_offset_ && offset > *clock_offset_ + kClockJump) unsettled_until_ = now + kClockPatience;
  clock_offset_ = offset;
  return now >= unsettled_until_;
}

/// When the last record of the first of these days had come at the latest. A clock that was ahead once has dated a day
/// later than now; then it was before the next one that is not.
WallTime Store::ended_by(const std::vector<DayPtr>& days, WallTime now) {
  const auto dated =
      std::find_if(days.begin(), days.end(), [&](const DayPtr& day) { return day->last_received <= now; });
  return dated == days.end() ? now : (*dated)->last_received;
}

/// True when it was too old, empty, or one too many.
bool Store::remove_oldest_day(const std::vector<DayPtr>& all, bool age_counts) {
  if (all.size() < 2) return false;
  const auto& day = all.front();
  const bool is_empty =
      std::all_of(day->node_counts.begin(), day->node_counts.end(), [](const auto& node) { return node.second == 0; });
  const WallTime now = clock_.wall();
  const bool is_old = age_counts && std::chrono::duration_cast<std::chrono::milliseconds>(now - ended_by(all, now)) >
                                        options_.retention;
  std::uint64_t bytes = 0;
  for (const auto& one : all) bytes += one->size_bytes + (one->index == nullptr ? 0 : one->index->size_bytes());
  // The newest file may still grow to its part.
  const std::uint64_t growth =
      options_.max_bytes / kStoreParts - std::min(options_.max_bytes / kStoreParts, all.back()->size_bytes);
  const bool is_too_much = options_.max_bytes > 0 && bytes + growth > options_.max_bytes;
  if (!is_empty && !is_old && !is_too_much) return false;
  remove_day(day);
  return true;
}

Result<bool> Store::retain_some() {
  set_damaged_aside();
  const bool age_counts = is_clock_settled();
  const auto all = days();
  if (remove_oldest_day(all, age_counts)) return true;
  wants_retention_ = false;
  if (options_.max_entries_per_node == 0) return false;
  std::map<std::string, std::uint64_t> totals;
  for (const auto& day : all) {
    for (const auto& [name, count] : day->node_counts) totals[name] += count;
  }
  for (const auto& [name, total] : totals) {
    if (total <= options_.max_entries_per_node) continue;
    const std::uint64_t excess = total - options_.max_entries_per_node;
    for (const auto& day : all) {
      const auto count = day->node_counts.find(name);
      if (count == day->node_counts.end() || count->second == 0) continue;
      const auto removed = remove_from(day, name, kMaxSeq, std::min({excess, count->second, kRemovalStep}));
      if (!removed) return removed.error();
      if (removed->more) return true;
    }
  }
  return false;
}

}  // namespace p2p::logs
