// The part of the store that keeps the search index of each day up with its records, on a thread of low priority: what
// it has not come to yet is looked at one by one.
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/file.hpp"
#include "logs/store.hpp"
#include "logs/store_day.hpp"

namespace p2p::logs {
namespace {

namespace fs = std::filesystem;

/// After the index could not be written, such as on a full disk.
constexpr std::chrono::seconds kIndexRetry{10};
constexpr int kIndexNiceness = 10;

fs::path index_path(fs::path day) { return day.replace_extension(".idx"); }

/// Of this thread alone (Linux has a niceness for each).
void lower_priority() {
  sched_param none{};
  ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &none);
  ::setpriority(PRIO_PROCESS, 0, kIndexNiceness);
}

}  // namespace

void Store::open_index(Day& day) {
  auto opened = DayIndex::open(index_path(day.path), store_id_, day.first_number);
  if (opened)
    day.index = std::move(*opened);
  else
    log_.error("searches of {} will be slow: {}", day.path.filename().string(), opened.error().context);
}

void Store::remove_files(const Day& day) {
  // A query that still reads it keeps its own hold on the content.
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    fs::remove(day.path.string() + suffix, ignored);
  }
  std::error_code ignored;
  fs::remove(index_path(day.path), ignored);
}

/// What was left behind by a day that is gone or set aside.
void Store::remove_stray_indexes() {
  const auto paths = files_in(options_.folder);
  if (!paths) return;
  for (const auto& path : *paths) {
    std::error_code ignored;
    fs::path day = path;
    if (path.extension() == ".idx" && !fs::exists(day.replace_extension(".db"), ignored)) fs::remove(path, ignored);
  }
}

std::uint64_t Store::unindexed() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const auto& day : days_) {
    if (day->damage || day->index_is_whole || day->index == nullptr) continue;
    const std::uint64_t to = std::max(day->index->indexed_to(), day->first_number - 1);
    out += day->last_number - std::min(to, day->last_number);
  }
  return out;
}

Result<bool> Store::index_day(const DayPtr& day) {
  DayIndex& index = *day->index;
  if (index.is_damaged()) {
    log_.warning("the search index of {} is damaged and is made anew", day->path.filename().string());
    if (const auto begun = index.begin_anew(); !begun) return begun.error();
    const std::lock_guard lock(mutex_);
    day->index_is_whole = false;
  }
  std::uint64_t last = 0;
  bool finished = false;
  {
    const std::lock_guard lock(mutex_);
    last = day->last_number;
    finished = days_.empty() || day != days_.back();
    if (day->index_is_whole) return false;
  }
  const std::uint64_t from = std::max(index.indexed_to() + 1, day->first_number);
  if (!finished && last + 1 < from + kIndexedTogether) return false;
  auto reader = Lease::take(*this, day);
  auto group = reader ? (*reader)->next_group(from, last, finished) : reader.error();
  // Somebody else removes it, or sets it aside.
  if (!group && (group.error().kind() == Errc::not_found || note_damage(day, group.error()))) return false;
  if (!group) return group.error();
  if (*group == nullptr) {
    const std::lock_guard lock(mutex_);
    day->index_is_whole = finished;
    return false;
  }
  if (const auto written = index.append(**group, std::min((*group)->end() - 1, last)); !written) return written.error();
  return true;
}

Result<bool> Store::index_some() {
  auto all = days();
  // What is new is searched most.
  std::reverse(all.begin(), all.end());
  for (const auto& day : all) {
    if (day->index == nullptr) continue;
    const auto more = index_day(day);
    if (!more || *more) return more;
  }
  return false;
}

void Store::start_indexer() {
  indexer_ = std::thread([this] {
    lower_priority();
    std::unique_lock lock(indexer_mutex_);
    while (!stopping_) {
      index_is_due_ = false;
      lock.unlock();
      const auto more = index_some();
      if (!more) log_.error("cannot write the search index: {}", more.error().context);
      lock.lock();
      if (!more)
        indexer_wake_.wait_for(lock, kIndexRetry, [this] { return stopping_; });
      else if (!*more)
        indexer_wake_.wait(lock, [this] { return stopping_ || index_is_due_; });
    }
  });
}

void Store::wake_indexer() {
  {
    const std::lock_guard lock(indexer_mutex_);
    index_is_due_ = true;
  }
  indexer_wake_.notify_one();
}

void Store::stop_indexer() {
  {
    const std::lock_guard lock(indexer_mutex_);
    stopping_ = true;
  }
  indexer_wake_.notify_one();
  if (indexer_.joinable()) indexer_.join();
}

}  // namespace p2p::logs
