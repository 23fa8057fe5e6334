// The reading half of the store.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "logs/store.hpp"
#include "logs/store_day.hpp"

namespace p2p::logs {
namespace {

/// Connections kept open a day; more are made when more queries run at once.
constexpr std::size_t kIdleReaders = 2;
/// Of so many of the newest days; of older ones they would keep SQLite's journal from going.
constexpr std::size_t kDaysKeptOpen = 3;

}  // namespace

Result<Store::Lease> Store::Lease::take(Store& store, const DayPtr& day) {
  {
    const std::lock_guard lock(store.mutex_);
    if (!day->idle_readers.empty()) {
      Lease out(store, day, std::move(day->idle_readers.back()));
      day->idle_readers.pop_back();
      return out;
    }
  }
  auto opened = DayReader::open(day->path);
  if (!opened) {
    const std::lock_guard lock(store.mutex_);
    // It was not removed, so it is another trouble, such as too many open files.
    const bool is_there = std::find(store.days_.begin(), store.days_.end(), day) != store.days_.end();
    if (opened.error().kind() == Errc::not_found && is_there) return Error(Errc::failed, opened.error().context);
    return opened.error();
  }
  return Lease(store, day, std::move(*opened));
}

Store::Lease::~Lease() {
  if (reader_ == nullptr) return;
  const std::lock_guard lock(store_->mutex_);
  if (store_->is_recent(day_) && day_->idle_readers.size() < kIdleReaders)
    day_->idle_readers.push_back(std::move(reader_));
}

/// With the lock.
bool Store::is_recent(const DayPtr& day) const {
  const auto count = static_cast<std::ptrdiff_t>(std::min(days_.size(), kDaysKeptOpen));
  return std::find(days_.end() - count, days_.end(), day) != days_.end();
}

Result<std::uint64_t> Store::position_of(const Cursor& cursor) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t last = last_number();
  const std::uint64_t oldest = days_.empty() ? last : days_.front()->first_number - 1;
  const std::string hint = fmt::format("the oldest cursor is {}", this->cursor(oldest).to_text());
  if (cursor.store_id != store_id_ || cursor.number > last)
    return Error(Errc::invalid, fmt::format("cursor {} belongs to another log store; {}", cursor.to_text(), hint));
  if (cursor.number < oldest)
    return Error(Errc::not_found, fmt::format("cursor {} has expired; {}", cursor.to_text(), hint));
  return cursor.number;
}

IsGivenUp Store::budget(IsGivenUp is_given_up) const {
  return [this, until = clock_.monotonic() + kScanBudget, is_given_up = std::move(is_given_up)] {
    return clock_.monotonic() >= until || (is_given_up && is_given_up());
  };
}

Result<Page> Store::query(const Query& query) {
  auto page = scan(query);
  if (page && query.order == Order::tail) std::reverse(page->records.begin(), page->records.end());
  return page;
}

Result<Page> Store::scan(const Query& query) {
  const std::uint64_t last = last_number();
  const auto out_of_time = budget(query.is_given_up);
  const bool forward = query.order == Order::forward;
  Page page;
  auto all = days();
  if (!forward) std::reverse(all.begin(), all.end());
  for (const auto& day : all) {
    const auto complete = scan_day(day, query, out_of_time, last, page);
    if (!complete && note_damage(day, complete.error())) continue;
    if (!complete) return complete.error();
    if (!*complete) {
      page.more = true;
      break;
    }
  }
  if (query.order == Order::tail || (forward && !page.more)) page.position = last;
  return page;
}

/// False when the page ends within this day.
Result<bool> Store::scan_day(const DayPtr& day, const Query& query, const IsGivenUp& out_of_time, std::uint64_t last,
                             Page& page) {
  ScanRequest request;
  request.filter = &query.filter;
  request.forward = query.order == Order::forward;
  request.lowest = day->first_number;
  request.index = day->index;
  {
    const std::lock_guard lock(mutex_);
    request.highest = std::min(day->last_number, last);
  }
  if (query.order == Order::forward) request.lowest = std::max(request.lowest, query.position + 1);
  if (query.order == Order::backward && query.position > 0)
    request.highest = std::min(request.highest, query.position - 1);
  if (request.lowest > request.highest) return true;
  request.out_of_time = out_of_time;

  auto reader = Lease::take(*this, day);
  if (!reader) {
    // Retention may have removed the file since the list was made.
    if (reader.error().kind() == Errc::not_found) return true;
    return reader.error();
  }
  const std::size_t limit = std::min(query.limit, kMaxPageRecords);
  if (page.records.size() >= limit) return false;
  std::size_t bytes = 0;
  for (const auto& stored : page.records) bytes += memory_of(stored.record);
  const auto end = (*reader)->scan(request, [&](StoredRecord&& stored) {
    bytes += memory_of(stored.record);
    page.position = stored.number;
    page.records.push_back(std::move(stored));
    return page.records.size() < limit && bytes < kMaxPageBytes;
  });
  if (day->index != nullptr && day->index->is_damaged()) wake_indexer();
  if (!end) return end.error();
  if (!end->complete) page.position = end->position;
  return end->complete;
}

Result<Sources> Store::sources() {
  std::set<std::string> nodes, loggers;
  for (const auto& day : days()) {
    bool empty = true;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [node, count] : day->node_counts) {
        if (count == 0) continue;
        nodes.insert(node);
        empty = false;
      }
    }
    if (empty || loggers.size() > kMaxListedLoggers) continue;
    auto reader = Lease::take(*this, day);
    if (!reader && (reader.error().kind() == Errc::not_found || note_damage(day, reader.error()))) continue;
    if (!reader) return reader.error();
    auto names = (*reader)->loggers(kMaxListedLoggers + 1);
    if (!names && note_damage(day, names.error())) continue;
    if (!names) return names.error();
    for (auto& name : *names) {
      if (loggers.size() <= kMaxListedLoggers) loggers.insert(std::move(name));
    }
  }
  const bool more = loggers.size() > kMaxListedLoggers;
  if (more) loggers.erase(std::prev(loggers.end()));
  return Sources{{nodes.begin(), nodes.end()}, {loggers.begin(), loggers.end()}, more};
}

}  // namespace p2p::logs
