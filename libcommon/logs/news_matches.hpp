// Which of the newest records a filter takes, where finding out takes too long for a loop.
#pragma once

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

/// Of the records after `position`; ends early once `stop` says so, which is asked after each.
NewsMatches find_matches(const Filter& filter, const Hub::News& news, std::uint64_t position, const IsGivenUp& stop);

}  // namespace p2p::logs
