#include "logs/news_matches.hpp"

#include <algorithm>

namespace p2p::logs {

bool NewsMatches::has(std::uint64_t number) const { return std::ranges::binary_search(numbers, number); }

NewsMatches find_matches(const Filter& filter, const Hub::News& news, std::uint64_t position, const IsGivenUp& stop) {
  NewsMatches out;
  out.looked_up_to = position;
  for (const auto& batch : news.batches) {
    for (const auto& stored : batch->records) {
      if (stored.number <= position) continue;
      if (out.looked_up_to > position && stop()) return out;
      if (filter.matches(stored.record)) out.numbers.push_back(stored.number);
      out.looked_up_to = stored.number;
    }
    out.looked_up_to = std::max(out.looked_up_to, batch->last_number);
  }
  return out;
}

}  // namespace p2p::logs
