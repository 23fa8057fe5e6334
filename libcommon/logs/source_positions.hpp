// The positions of all sources, as a spool keeps them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "logs/source_position.hpp"

namespace p2p::logs {

/// Not thread-safe.
class SourcePositions {
 public:
  /// Replaces what is known of its source; without effect when it is not kept.
  void set(const SourcePosition& position);
  std::optional<std::string> find(const std::string& source) const;
  /// All, those that were set longest ago first.
  std::vector<SourcePosition> all() const;
  bool empty() const { return by_source_.empty(); }

 private:
  struct Entry {
    std::string position;
    std::uint64_t turn;  // rises with each set()
  };
  std::map<std::string, Entry> by_source_;
  std::map<std::uint64_t, std::string> by_turn_;
  std::uint64_t turn_ = 0;
};

}  // namespace p2p::logs
