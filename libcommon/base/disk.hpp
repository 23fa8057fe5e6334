// The system calls with which a file is written whole, so that a test can let any of them fail or be the last.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <filesystem>

#include "base/bytes.hpp"

namespace p2p {

/// Each call returns what the system call does, and 0 - errno where it fails. Thread-safe.
class Disk {
 public:
  virtual ~Disk() = default;
  /// A new file of exactly this mode, for writing; a descriptor.
  virtual int create(const std::filesystem::path& path, mode_t mode) = 0;
  /// A new file without a name in this folder, which is gone with its descriptor. EOPNOTSUPP where that cannot be.
  virtual int create_unnamed(const std::filesystem::path&, mode_t) { return -EOPNOTSUPP; }
  /// Gives it a name, not in place of what is there.
  virtual int link_unnamed(int, const std::filesystem::path&) { return -EOPNOTSUPP; }
  virtual int give_to(int file, uid_t user, gid_t group) = 0;
  /// Takes room for so many bytes, where the file system can; the file stays as long as it is.
  virtual int reserve(int file, std::uint64_t bytes) = 0;
  virtual ssize_t write(int file, ByteView bytes) = 0;
  /// Has what was written go to the disk from now on, so that `sync` finds less to do. Does not wait.
  virtual int start_sync(int file) = 0;
  virtual int sync(int file) = 0;
  virtual int close(int file) = 0;
  virtual int rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  /// Not in place of what is at `to`. EINVAL where the file system cannot, such as NFS; there `link` can.
  virtual int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual int link(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual int unlink(const std::filesystem::path& path) = 0;
  virtual int sync_folder(const std::filesystem::path& folder) = 0;
};

/// The disk of the operating system.
Disk& system_disk() noexcept;

}  // namespace p2p
