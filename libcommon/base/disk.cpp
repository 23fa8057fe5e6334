#include "base/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace p2p {
namespace {

namespace fs = std::filesystem;

template <class T>
T or_errno(T outcome) {
  return outcome < 0 ? static_cast<T>(-errno) : outcome;
}

/// What is for speed alone may be beyond a file system or a sandbox.
int unless_unknown(int outcome) {
  return outcome == -EOPNOTSUPP || outcome == -ENOSYS || outcome == -EINVAL || outcome == -ESPIPE ? 0 : outcome;
}

/// Of a file without a name: by this it gets one without privileges.
std::string descriptor_path(int file) { return "/proc/self/fd/" + std::to_string(file); }

class SystemDisk final : public Disk {
 public:
  int create(const fs::path& path, mode_t mode) override {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return -errno;
    // The umask may have taken bits away that the final mode wants.
    if (::fchmod(file, mode) == 0) return file;
    const int failure = -errno;
    ::close(file);
    ::unlink(path.c_str());
    return failure;
  }
  int create_unnamed(const fs::path& folder, mode_t mode) override {
    const int file = ::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
    if (file < 0) return -errno;
    if (::fchmod(file, mode) == 0 && ::access(descriptor_path(file).c_str(), F_OK) == 0) return file;
    ::close(file);
    return -EOPNOTSUPP;
  }
  int link_unnamed(int file, const fs::path& path) override {
    return or_errno(::linkat(AT_FDCWD, descriptor_path(file).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW));
  }
  int give_to(int file, uid_t user, gid_t group) override { return or_errno(::fchown(file, user, group)); }
  int reserve(int file, std::uint64_t bytes) override {
    return unless_unknown(or_errno(::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes))));
  }
  ssize_t write(int file, ByteView bytes) override { return or_errno(::write(file, bytes.data(), bytes.size())); }
  int start_sync(int file) override {
    return unless_unknown(or_errno(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE)));
  }
  int sync(int file) override { return or_errno(::fsync(file)); }
  int close(int file) override { return or_errno(::close(file)); }
  int rename(const fs::path& from, const fs::path& to) override { return or_errno(::rename(from.c_str(), to.c_str())); }
  int rename_new(const fs::path& from, const fs::path& to) override {
    const int outcome = or_errno(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE));
    return outcome == -ENOSYS ? -EINVAL : outcome;
  }
  int link(const fs::path& from, const fs::path& to) override { return or_errno(::link(from.c_str(), to.c_str())); }
  int unlink(const fs::path& path) override { return or_errno(::unlink(path.c_str())); }
  int sync_folder(const fs::path& folder) override {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return -errno;
    const int outcome = or_errno(::fsync(handle));
    ::close(handle);
    return outcome;
  }
};

}  // namespace

Disk& system_disk() noexcept {
  static SystemDisk disk;
  return disk;
}

}  // namespace p2p
