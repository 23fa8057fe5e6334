// The updates that pages get: what changed since the one before, and everything for who has nothing yet. Each is made
// once, for all pages. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "dashboard/snapshot.hpp"

namespace p2p::dashboard {

/// So often an entry is sent whether or not it has changed: what is noise adds up.
inline constexpr std::chrono::seconds kRefreshInterval{60};

/// One thread.
class Updates {
 public:
  /// The message of the next sequence: `{"type":"update","sequence":n+1,"base":n,"data":{"metrics":{"now":…,"fleet":…,
  /// "nodes":{…},"removed":[…]},"history":…}}`, where what has not changed is absent. `history` is JSON.
  std::string next(const Snapshot& now, std::string_view history);
  /// The message with everything as of the last next(): `"whole":true` instead of a base.
  std::string whole(std::string_view history) const;
  /// Of the last next(); 0 before the first.
  std::uint64_t sequence() const noexcept { return sequence_; }

 private:
  struct Sent {
    NodeEntry entry;
    std::string text;  ///< the entry as JSON
    WallTime at{};
  };

  std::uint64_t sequence_ = 0;
  std::map<std::string, Sent, std::less<>> nodes_;
  FleetEntry fleet_;
  std::string fleet_text_;
  WallTime now_{};
};

}  // namespace p2p::dashboard
