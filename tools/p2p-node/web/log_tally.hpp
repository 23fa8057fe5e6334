// How many records and errors each node has logged, counted as they are stored, and its last error.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "dashboard/snapshot.hpp"
#include "logs/live_stream.hpp"

namespace p2p::node {

/// One thread.
class LogTally {
 public:
  struct Count {
    std::uint64_t records = 0, errors = 0;  ///< since the start of this process
    std::optional<dashboard::LastError> last_error;
  };
  using Counts = std::map<std::string, Count, std::less<>>;

  /// `access` outlives it.
  explicit LogTally(logs::LogAccess access) : access_(access) {}

  /// Looks up the last errors from before the start; blocks on the disk.
  void begin();
  /// Counts what has come.
  void catch_up();
  const Counts& counts() const noexcept { return counts_; }
  /// Of all nodes; what came too fast to be counted by node is in it too.
  std::uint64_t records() const noexcept { return records_; }

 private:
  void take(const logs::StoredRecord& stored);
  Count* count_of(const std::string& node_id);

  logs::LogAccess access_;
  std::uint64_t position_ = 0;
  std::uint64_t records_ = 0;
  Counts counts_;
};

}  // namespace p2p::node
