// inotify for a thread that waits: whether something in some folders has changed, and what was renamed in them.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace p2p::logs {

/// More are not watched, and left to the interval.
inline constexpr std::size_t kMaxWatchedFolders = 256;

/// wait() and watch() belong to one thread.
class FolderEvents {
 public:
  FolderEvents();

  /// Watches these folders too; those that are missing are left out.
  void watch(const std::set<std::string>& folders);

  /// Paths of one file, both in watched folders.
  struct Rename {
    std::string from, to;
  };
  struct Changes {
    bool names = false;             ///< files came, went, or were renamed
    bool content = false;           ///< files were written to
    std::vector<Rename> renames{};  ///< in order
  };
  /// Returns with the first change, after `at_most`, or once stop() was called.
  Changes wait(std::chrono::milliseconds at_most);
  /// Returns after the time, or once stop() was called.
  void pause(std::chrono::milliseconds time);
  /// Any thread; for good.
  void stop();

 private:
  Changes drain();
  Descriptor events_;
  Descriptor stopped_;
  std::map<int, std::string> watched_;  // folders
  /// Where a file went away from, by what joins the two events of a rename: a look may come between them.
  std::map<std::uint32_t, std::string> moved_;
};

}  // namespace p2p::logs
