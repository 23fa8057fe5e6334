// Notices what changes on this machine while a node runs: its addresses, and the files of its certificate.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace p2p::node {

/// Control loop.
class MachineWatch {
 public:
  struct Hooks {
    /// As local_addresses(); asked at every look.
    std::function<std::vector<std::string>()> addresses;
    /// They have changed, and were the same at two looks in a row.
    std::function<void(const std::vector<std::string>&)> addresses_changed;
    /// One of the files was replaced, and the others have settled.
    std::function<void()> files_changed;
  };
  /// `addresses` and the files are known as they are now.
  MachineWatch(std::vector<std::filesystem::path> files, std::vector<std::string> addresses, Hooks hooks);

  /// Looks every kEvery, until cancelled.
  boost::asio::awaitable<void> run();
  /// The files were just read: what they are now is no news.
  void note_files();

 private:
  static constexpr std::chrono::milliseconds kEvery{1'000};
  /// When each file was written; what is not there has the earliest time.
  using Stamps = std::vector<std::filesystem::file_time_type>;
  Stamps stamps() const;
  void look();

  const std::vector<std::filesystem::path> files_;
  const Hooks hooks_;
  std::vector<std::string> told_addresses_, seen_addresses_;
  Stamps told_stamps_, seen_stamps_;
};

}  // namespace p2p::node
