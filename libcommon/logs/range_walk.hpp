// The parts of one day that a search has to look at, in its order: what the index leaves, and what is not in it yet.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "logs/day_index.hpp"

namespace p2p::logs {

class RangeWalk {
 public:
  /// Within `all`. Without an index, or with a query of no clauses, that is one range.
  RangeWalk(NumberRange all, bool forward, std::shared_ptr<DayIndex> index, IndexQuery query);

  /// None at the end. A range may be empty of records.
  std::optional<NumberRange> next();

 private:
  struct Stretch {
    NumberRange range;
    std::optional<std::size_t> group{};  // none: everything in it is to be looked at
  };
  const bool forward_;
  const std::shared_ptr<DayIndex> index_;
  const IndexQuery query_;
  std::vector<NumberRange> groups_;
  std::vector<Stretch> stretches_;   // the next one last
  std::vector<NumberRange> ranges_;  // likewise, of the stretch that was taken last
};

}  // namespace p2p::logs
