// Which of the newest records a filter takes, where finding out takes too long for a loop.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "logs/filter.hpp"
#include "logs/hub.hpp"

namespace p2p::logs {

struct NewsMatches {
  std::vector<std::uint64_t> numbers;  ///< rising
  std::uint64_t looked_up_to = 0;      ///< the records after it were not looked at

  bool has(std::uint64_t number) const;
};

/// Hands the records after `position` that match to `take(batch, index)`, until that is false: no more fits. What
/// matches is what was `found`, as far as that looked, or where it is null, what the filter takes. Returns up to where
/// all was dealt with.
template <class Take>
std::uint64_t for_each_match(const Hub::News& news, std::uint64_t position, const Filter& filter,
                             const NewsMatches* found, Take take) {
  const auto is_beyond = [&](std::uint64_t number) { return found != nullptr && number > found->looked_up_to; };
  for (const CommittedBatchPtr& batch : news.batches) {
    const auto& records = batch->records;
    auto at = std::ranges::upper_bound(records, position, {}, &StoredRecord::number);
    for (; at != records.end(); ++at) {
      if (is_beyond(at->number)) return position;
      position = at->number;
      const bool matches = found != nullptr ? found->has(at->number) : filter.matches(at->record);
      if (matches && !take(batch, static_cast<std::size_t>(at - records.begin()))) return position;
    }
    if (is_beyond(batch->last_number)) return position;
    position = batch->last_number;
  }
  return position;
}

/// Of the records after `position`; ends early once `stop` says so, which is asked after each.
NewsMatches find_matches(const Filter& filter, const Hub::News& news, std::uint64_t position, const IsGivenUp& stop);

}  // namespace p2p::logs
