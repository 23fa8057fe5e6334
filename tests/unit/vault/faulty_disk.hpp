// A disk on which any system call can fail, or be the last before the process is killed.
#pragma once

#include <cerrno>
#include <string>
#include <vector>

#include "base/disk.hpp"

namespace p2p::test {

/// The process is gone: thrown where a call would have returned.
struct Killed {};

/// Works on the real disk. `fail_at` and `kill_at` count calls from 0; a write that is hit is done by half, unless a
/// signal interrupts it.
class FaultyDisk final : public Disk {
 public:
  static constexpr std::size_t kNever = ~std::size_t{0};

  std::size_t fail_at = kNever;
  int failure = 0;               ///< the errno
  std::size_t kill_at = kNever;  ///< the call is not made
  std::vector<std::string> calls{};

  int create(const std::filesystem::path& path, mode_t mode) override {
    return done("create", [&] { return system_disk().create(path, mode); });
  }
  int give_to(int file, uid_t user, gid_t group) override {
    return done("give_to", [&] { return system_disk().give_to(file, user, group); });
  }
  int reserve(int file, std::uint64_t bytes) override {
    return done("reserve", [&] { return system_disk().reserve(file, bytes); });
  }
  ssize_t write(int file, ByteView bytes) override {
    const bool is_hit = calls.size() == kill_at || (calls.size() == fail_at && failure != EINTR);
    if (is_hit) system_disk().write(file, bytes.first(bytes.size() / 2));
    return done("write", [&] { return system_disk().write(file, bytes); });
  }
  int start_sync(int file) override {
    return done("start_sync", [&] { return system_disk().start_sync(file); });
  }
  int sync(int file) override {
    return done("sync", [&] { return system_disk().sync(file); });
  }
  int close(int file) override {
    if (is_killed_) return 0;
    return done("close", [&] { return system_disk().close(file); });
  }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return done("rename", [&] { return system_disk().rename(from, to); });
  }
  int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return done("rename_new", [&] { return system_disk().rename_new(from, to); });
  }
  int link(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return done("link", [&] { return system_disk().link(from, to); });
  }
  int unlink(const std::filesystem::path& path) override {
    if (is_killed_) return 0;
    return done("unlink", [&] { return system_disk().unlink(path); });
  }
  int sync_folder(const std::filesystem::path& folder) override {
    return done("sync_folder", [&] { return system_disk().sync_folder(folder); });
  }

 private:
  template <class Call>
  auto done(const char* name, Call call) -> decltype(call()) {
    const std::size_t index = calls.size();
    calls.emplace_back(name);
    if (index == kill_at) {
      is_killed_ = true;
      throw Killed{};
    }
    return index == fail_at ? static_cast<decltype(call())>(-failure) : call();
  }
  bool is_killed_ = false;  ///< destructors still run, but the process of the test is not there to make calls
};

}  // namespace p2p::test
