// Follows files as they grow, are rotated, truncated, deleted and made anew, on a thread of its own, and loses and
// repeats nothing also when the node is killed.
//
// - A file is told by its folder and inode, and by what it begins with. Renamed, it is read to its end, before the one
//   that took its name, and let go when it has not grown for kReplacedPatience.
// - A truncated file is read from its start. What it had that was not read yet is looked for in the copy that
//   `copytruncate` of logrotate made beside it. What was written between copy and truncation is nowhere.
// - A file that was made and renamed before it was met (a program may open its log between the two steps of a rotation)
//   is found by its rename.
// - When a pattern is followed for the first time, what its files hold already is left out; files that appear later are
//   read from their start. Compressed ones, and copies of what was read, are not read.
// - inotify tells of changes; each second everything is looked at anyway, as some file systems report nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log_sink.hpp"
#include "logs/sources/file_lines.hpp"
#include "logs/sources/source_sink.hpp"

namespace p2p::logs {

/// Together, files that are on their way out included. What is over it is said and not followed.
inline constexpr std::size_t kMaxFollowedFiles = 500;
inline constexpr std::chrono::seconds kReplacedPatience{60};

struct FollowOptions {
  std::vector<std::string> patterns;       ///< absolute, as of glob(7)
  std::vector<MultilineRule> multiline{};  ///< the first whose glob matches a path counts
  std::filesystem::path state_file;        ///< a PositionFile
};

/// start() and stop() belong to one thread.
class FileFollower {
 public:
  /// All must outlive it.
  FileFollower(FollowOptions options, SourceSink& sink, const Clock& clock, LogSink& log);
  ~FileFollower();  ///< stop()

  void start();
  /// Ends at once: what is not read yet is read after the next start.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::logs
