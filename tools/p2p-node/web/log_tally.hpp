// How many records and errors each node has logged, counted as they are stored, and its last error.
#pragma once

#include <cstdint>
#include <string>

#include "dashboard/node_watch.hpp"
#include "logs/live_stream.hpp"

namespace p2p::node {

/// One thread.
class LogTally {
 public:
  /// `access` outlives it.
  explicit LogTally(logs::LogAccess access) : access_(access) {}

  /// Looks up the last errors from before the start; blocks on the disk.
  void begin();
  /// Counts what has come.
  void catch_up();
  const dashboard::LogCounts& counts() const noexcept { return counts_; }
  /// Of all nodes; what came too fast to be counted by node is in it too.
  std::uint64_t records() const noexcept { return records_; }

 private:
  void take(const logs::StoredRecord& stored);
  dashboard::LogCount* count_of(const std::string& node_id);

  logs::LogAccess access_;
  std::uint64_t position_ = 0;
  std::uint64_t records_ = 0;
  dashboard::LogCounts counts_;
};

}  // namespace p2p::node
