// The files that a log has under a pattern and beside it: its own name, and those that it was rotated away to.
#pragma once

#include <string>
#include <vector>

namespace p2p::logs {

std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);

/// `x.log.1`, `x.log-20260101` for `x.log`.
bool is_name_of_rotated(const std::string& name, const std::string& original);

/// A path that matches, and the log that it is a file of: a pattern may match what was rotated away, too.
struct MatchedPath {
  std::string path;
  std::string log;
};
/// What the pattern (glob(7)) matches now. Rotated files come behind the log that they were, those written last at the
/// end.
std::vector<MatchedPath> paths_of(const std::string& pattern);

/// The regular files of a folder whose content is no compressed log, those written last at the end; 10,000 at most.
std::vector<std::string> files_by_age(const std::string& folder);

}  // namespace p2p::logs
