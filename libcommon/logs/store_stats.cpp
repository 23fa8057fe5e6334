// The counting half of the store. Nothing of it touches the writing thread: a page of counts reads for kScanBudget at
// most, so that SQLite's journal is never held for long, and counts as it goes, so that memory depends on the number
// of names alone.
#include <algorithm>

#include "logs/store.hpp"
#include "logs/store_day.hpp"

namespace p2p::logs {

/// Records that are received later are no part of it, and those that a clock which stepped back has dated before others
/// are.
Result<Filter> Store::bounded(const Filter& filter) {
  FilterSpec spec = filter.spec();
  std::optional<WallTime> first;
  WallTime last = clock_.wall();
  for (const auto& day : days()) {
    {
      const std::lock_guard lock(mutex_);
      last = std::max(last, day->last_received);
    }
    if (spec.since) continue;
    auto reader = Lease::take(*this, day);
    if (!reader && (reader.error().kind() == Errc::not_found || note_damage(day, reader.error()))) continue;
    if (!reader) return reader.error();
    const auto received = (*reader)->first_received();
    if (!received && note_damage(day, received.error())) continue;
    if (!received) return received.error();
    if (*received) first = std::min(first.value_or(**received), **received);
  }
  if (!spec.until) spec.until = last + std::chrono::nanoseconds{1};
  if (!spec.since) spec.since = std::min(first.value_or(*spec.until), *spec.until);
  return Filter::make(std::move(spec));
}

Result<StatsPage> Store::stats(const StatsQuery& query) {
  const std::uint64_t last = last_number();
  const auto out_of_time = budget(query.is_given_up);
  const auto filter = bounded(query.filter);
  if (!filter) return filter.error();
  StatsPage page;
  page.stats = LogStats::over(*filter->spec().since, *filter->spec().until,
                              std::clamp<std::size_t>(query.max_buckets, 1, kMaxBuckets));
  page.position = query.position;
  for (const auto& day : days()) {
    const auto complete = count_day(day, *filter, out_of_time, last, page);
    if (!complete && note_damage(day, complete.error())) continue;
    if (!complete) return complete.error();
    page.more = !*complete;
    if (page.more) break;
  }
  if (!page.more) page.position = last;
  page.stats.node_count = page.stats.nodes.size();
  page.stats.logger_count = page.stats.loggers.size();
  return page;
}

/// False when the time is over within this day.
Result<bool> Store::count_day(const DayPtr& day, const Filter& filter, const IsGivenUp& out_of_time, std::uint64_t last,
                              StatsPage& page) {
  ScanRequest request;
  request.filter = &filter;
  request.lowest = std::max(day->first_number, page.position + 1);
  request.index = day->index;
  {
    const std::lock_guard lock(mutex_);
    request.highest = std::min(day->last_number, last);
  }
  if (request.lowest > request.highest) return true;
  request.out_of_time = out_of_time;
  auto reader = Lease::take(*this, day);
  // Retention may have removed the file since the list was made.
  if (!reader && reader.error().kind() == Errc::not_found) return true;
  if (!reader) return reader.error();
  const auto end = (*reader)->count(request, page.stats);
  if (day->index != nullptr && day->index->is_damaged()) wake_indexer();
  if (!end) return end.error();
  if (!end->complete) page.position = end->position;
  return end->complete;
}

}  // namespace p2p::logs
