#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/system_random.hpp"

namespace p2p {
namespace {

namespace fs = std::filesystem;

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

std::string named(const fs::path& path) { return path.string(); }

Result<std::string> read_open(int descriptor, const fs::path& path, std::size_t max_bytes) {
  std::string out;
  char chunk[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(descriptor, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, named(path));
    if (got == 0) return out;
    if (out.size() + static_cast<std::size_t>(got) > max_bytes) {
      return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", named(path), max_bytes));
    }
    out.append(chunk, static_cast<std::size_t>(got));
  }
}

Result<std::string> read_checked(const fs::path& path, std::size_t max_bytes, bool secret) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return system_error(errno, named(path));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return system_error(errno, named(path));
  if (!S_ISREG(facts.st_mode)) return Error(Errc::invalid, fmt::format("{}: not a regular file", named(path)));
  if (secret && (facts.st_mode & 077) != 0) {
    return Error(Errc::not_permitted, fmt::format("{}: readable by others (mode {:04o}); run: chmod 600 {}",
                                                  named(path), facts.st_mode & 07777, named(path)));
  }
  return read_open(file.get(), path, max_bytes);
}

Result<void> write_all(int descriptor, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(descriptor, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(errno, named(path));
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0 || ::fsync(handle.get()) != 0) return system_error(errno, named(folder));
  return {};
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Give a temporary file its name; 0 or an errno.
using Publish = int (*)(const fs::path& temporary, const fs::path& path);
int publish_replacing(const fs::path& temporary, const fs::path& path) {
  return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}
int publish_new(const fs::path& temporary, const fs::path& path) {
  if (::link(temporary.c_str(), path.c_str()) != 0) return errno;
  return ::unlink(temporary.c_str()) == 0 ? 0 : errno;
}

/// A synced file beside its final place, gone with this object unless it got its name.
class Temporary {
 public:
  explicit Temporary(const fs::path& path)
      : path_(folder_of(path) / fmt::format(".{}.{}.tmp", path.filename().string(), to_hex(random_bytes(8)))) {}
  Temporary(Temporary&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  Result<void> write(const NewFile& content) const {
    const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, content.mode));
    // The umask may have taken bits away that the final mode wants.
    if (file.get() < 0 || ::fchmod(file.get(), content.mode) != 0) return system_error(errno, named(content.path));
    if (auto written = write_all(file.get(), content.content, content.path); !written) return written;
    if (::fsync(file.get()) != 0) return system_error(errno, named(content.path));
    return {};
  }
  Result<void> become(const fs::path& path, Publish publish) {
    if (const int error = publish(path_, path); error != 0) return system_error(error, named(path));
    path_.clear();
    return {};
  }

 private:
  fs::path path_;
};

Result<void> write_whole(std::span<const NewFile> files, Publish publish) {
  const fs::path folder = folder_of(files.front().path);
  if (auto made = make_folder(folder); !made) return made.error();
  std::vector<Temporary> temporaries;
  for (const auto& file : files) {
    temporaries.emplace_back(file.path);
    if (auto written = temporaries.back().write(file); !written) return written;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (auto named_so = temporaries[i].become(files[i].path, publish); !named_so) return named_so;
  }
  return sync_folder(folder);
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  return read_checked(path, max_bytes, false);
}

Result<std::string> read_secret_file(const fs::path& path, std::size_t max_bytes) {
  return read_checked(path, max_bytes, true);
}

Result<void> write_file(const fs::path& path, std::string_view content, mode_t mode) {
  const NewFile file{path, content, mode};
  return write_files({&file, 1});
}

Result<void> create_file(const fs::path& path, std::string_view content, mode_t mode) {
  const NewFile file{path, content, mode};
  return create_files({&file, 1});
}

Result<void> write_files(std::span<const NewFile> files) { return write_whole(files, publish_replacing); }
Result<void> create_files(std::span<const NewFile> files) { return write_whole(files, publish_new); }

Result<void> move_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, named(to));
  return sync_folder(to.parent_path());
}

Result<void> make_folder(const fs::path& path) {
  if (path.empty()) return {};
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) return {};
    return Error(Errc::invalid, fmt::format("{}: not a folder", named(path)));
  }
  if (path.has_parent_path() && path.parent_path() != path) {
    if (auto made = make_folder(path.parent_path()); !made) return made.error();
  }
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return system_error(errno, named(path));
  return {};
}

Result<FileLock> FileLock::lock(const fs::path& path, bool wait) {
  if (auto made = make_folder(path.parent_path()); !made) return made.error();
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kSecretMode);
  if (descriptor < 0) return system_error(errno, named(path));
  FileLock held(descriptor);
  int outcome = 0;
  do {
    outcome = ::flock(descriptor, LOCK_EX | (wait ? 0 : LOCK_NB));
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) {
    if (errno != EWOULDBLOCK) return system_error(errno, named(path));
    char owner[16] = {};
    const ssize_t got = ::read(descriptor, owner, sizeof owner - 1);
    const std::string pid = got > 0 ? std::string(owner, static_cast<std::size_t>(got)) : "unknown";
    return Error(Errc::exists, fmt::format("{}: locked by process {}", named(path), pid));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    return system_error(errno, named(path));
  }
  return held;
}

Result<FileLock> FileLock::try_acquire(const fs::path& path) { return lock(path, false); }
Result<FileLock> FileLock::acquire(const fs::path& path) { return lock(path, true); }

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}
FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace p2p
