// Puts the journal of the day that is written to into its file, on a thread of its own: commits do not wait for that,
// which takes the disk tens of milliseconds. What it is behind by, SQLite moves itself once the journal is long.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

namespace p2p::logs {

/// So much is moved at a time: less costs more syncs, more keeps the disk from the commits for longer.
inline constexpr std::uint64_t kCheckpointBytes = 1 << 20;

class DayCheckpointer {
 public:
  DayCheckpointer();
  ~DayCheckpointer();
  DayCheckpointer(const DayCheckpointer&) = delete;
  DayCheckpointer& operator=(const DayCheckpointer&) = delete;

  /// After a commit: the file that is written to, and its size with the journal. Of the writing thread.
  void committed(const std::filesystem::path& path, std::uint64_t size_bytes);
  /// Nothing comes to this file for now: its journal goes, once nobody reads it. Of the writing thread.
  void finished(const std::filesystem::path& path);

 private:
  void run();

  // Of the writing thread: what was asked for last.
  std::filesystem::path path_;
  std::uint64_t size_bytes_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::filesystem::path> due_;  // guarded by mutex_, as what follows
  std::deque<std::filesystem::path> finished_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace p2p::logs
