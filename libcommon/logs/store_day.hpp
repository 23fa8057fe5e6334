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

/// A reader of one day, given back at the end.
class Store::Lease {
 public:
  static Result<Lease> take(Store& store, const DayPtr& day);
  ~Lease();
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = delete;

  DayReader* operator->() { return reader_.get(); }

 private:
  Lease(Store& store, DayPtr day, std::unique_ptr<DayReader> reader)
      : store_(&store), day_(std::move(day)), reader_(std::move(reader)) {}
  Store* store_;
  DayPtr day_;
  std::unique_ptr<DayReader> reader_;
};

}  // namespace p2p::logs
