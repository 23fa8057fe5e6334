// How the store keeps track of one of its days; of no use outside store*.cpp.
#pragma once

#include "logs/day_reader.hpp"
#include "logs/store.hpp"

namespace p2p::logs {

/// `path` and `first_number` never change; the rest is guarded by the store's mutex.
struct Store::Day {
  std::filesystem::path path;
  std::uint64_t first_number = 0;
  std::uint64_t last_number = 0;
  WallTime last_received{};
  std::map<std::string, std::uint64_t> node_counts;
  std::vector<std::unique_ptr<DayReader>> idle_readers;
  std::optional<Error> damage;  ///< it is read no more, and the writing thread will set it aside
};

}  // namespace p2p::logs
