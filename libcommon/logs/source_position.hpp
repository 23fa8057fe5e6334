// How far a source that can be read again has been taken into the log: a followed file, the journal. Pure.
#pragma once

#include <cstddef>
#include <string>

namespace p2p::logs {

inline constexpr std::size_t kMaxSourceBytes = 512;
inline constexpr std::size_t kMaxPositionBytes = 256;
/// A spool remembers the positions of so many sources; beyond that it forgets the one that was silent longest.
inline constexpr std::size_t kMaxSources = 1024;

/// Handed over with a record and kept in one piece with it: after a crash the source goes on behind the last record
/// that the spool has.
struct SourcePosition {
  std::string source;    ///< a stable key, such as `file:/var/log/x:dev:inode`; empty for what cannot be read again
  std::string position;  ///< of the source's own making, such as an offset: where the next record begins

  /// Whether a spool keeps it: there is a source, and both are within their limits.
  bool is_kept() const {
    return !source.empty() && source.size() <= kMaxSourceBytes && position.size() <= kMaxPositionBytes;
  }
  bool operator==(const SourcePosition&) const = default;
};

}  // namespace p2p::logs
