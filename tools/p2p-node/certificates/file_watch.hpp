// Notices that the files of a node's certificate have changed while the node runs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/clock.hpp"

namespace p2p::node {

/// Control loop.
class FileWatch {
 public:
  /// The files are known as they are now. `changed`: one of them was replaced, and the others have settled.
  FileWatch(std::vector<std::filesystem::path> files, std::function<void()> changed);

  /// Looks every kEvery, until cancelled.
  boost::asio::awaitable<void> run();
  /// The files were just read: what they are now is no news.
  void note();

 private:
  static constexpr std::chrono::milliseconds kEvery{1'000};
  /// When each file was written; what is not there has the earliest time.
  using Stamps = std::vector<std::filesystem::file_time_type>;
  Stamps stamps() const;
  void look();

  const std::vector<std::filesystem::path> files_;
  const std::function<void()> changed_;
  Stamps told_stamps_, seen_stamps_;
};

}  // namespace p2p::node
