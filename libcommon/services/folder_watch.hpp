// Says when something under the services directory changes (inotify), at the latest after an interval: some file
// systems report nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

namespace p2p::services {

class FolderWatch {
 public:
  explicit FolderWatch(const boost::asio::any_io_executor& executor);
  ~FolderWatch();

  /// Watches these folders from now on, and no others. Missing ones are left to the interval.
  void watch(const std::vector<std::filesystem::path>& folders);
  /// Returns after a change and a moment of quiet, or after `at_most`. Changes since the last return count.
  boost::asio::awaitable<void> changed(std::chrono::milliseconds at_most);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::services
