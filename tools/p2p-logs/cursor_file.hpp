// The file that remembers how far a reader has come: `--cursor-file`. One line, a cursor; mode 0600; replaced as a
// whole.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/command.hpp"

namespace p2p::logs {

/// What was kept is in the file within a second and when this ends: after a kill a little is read again, and nothing is
/// left out.
class CursorFile {
 public:
  CursorFile() = default;
  ~CursorFile();  ///< close(), whatever comes of it

  void declare(cli::Options& options);
  /// Reads it, if the command line named one. A file that is something else is not touched: kDamaged.
  cli::Attempt<void> open();
  bool is_used() const { return path_.has_value(); }
  /// Where to go on; empty for a file that is not there yet, or empty.
  const std::string& cursor() const { return cursor_; }
  /// Where the reader stands now: everything before has been printed.
  void keep(std::string cursor);
  /// Writes what is not written yet.
  cli::Attempt<void> close();
  /// Adds how to go on to a failure because of an expired or foreign cursor, if that came from the file.
  cli::Failure explain(cli::Failure failure) const;

 private:
  void run();
  void write_now(std::unique_lock<std::mutex>& lock);

  std::optional<std::string> path_;
  std::string cursor_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::string kept_, written_;
  std::optional<cli::Failure> failure_;  // of the last write
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace p2p::logs
