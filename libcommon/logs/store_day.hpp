// How the store keeps track of one of its days, and lends out readers of it; of no use outside store*.cpp.
#pragma once

#include "logs/day_index.hpp"
#include "logs/day_reader.hpp"
#include "logs/store.hpp"

namespace p2p::logs {

/// `path`, `first_number` and `index` never change; `removed_to` is the writing thread's; the rest is guarded by the
/// store's mutex.
struct Store::Day {
  std::filesystem::path path;
  std::uint64_t first_number = 0;
  std::uint64_t last_number = 0;
  WallTime last_received{};
  std::uint64_t size_bytes = 0;
  std::map<std::string, std::uint64_t> node_counts;
  std::vector<std::unique_ptr<DayReader>> idle_readers;
  std::shared_ptr<DayIndex> index;  ///< null when its file cannot be had: everything is looked at
  bool index_is_whole = false;      ///< of a day that is no longer written to
  std::optional<Error> damage;      ///< it is read no more, and the writing thread will set it aside
  /// By node: up to which number nothing is left to remove.
  std::map<std::string, std::uint64_t> removed_to;
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
