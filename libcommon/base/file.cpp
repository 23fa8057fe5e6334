#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "base/file_mount.hpp"
#include "base/whole_file.hpp"

namespace p2p {
namespace {

namespace fs = std::filesystem;

/// What takes the place of an entry of a mount: keys, certificates and lists.
constexpr std::size_t kMaxMovedBytes = 16 << 20;
constexpr std::size_t kLeastReadBytes = 512;

std::string named(const fs::path& path) { return path.string(); }

/// Straight into the one place where the caller has it, and can wipe it: it may be a key.
Result<std::string> read_open(const OpenFile& file, const fs::path& path, std::size_t max_bytes) {
  const Error too_large(Errc::too_large, fmt::format("{}: larger than {} bytes", named(path), max_bytes));
  if (file.size_bytes > max_bytes) return too_large;
  // A byte more, by which the end shows. Files of /proc say a size of 0, and others may be growing.
  std::string out(std::max<std::size_t>(file.size_bytes + 1, kLeastReadBytes), '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = read_some(file, std::span(reinterpret_cast<std::uint8_t*>(out.data()) + size, out.size() - size));
    if (!got) return Error(got.error().code, named(path) + ": " + got.error().context);
    size += *got;
    if (size > max_bytes) return too_large;
    if (size < out.size()) break;
    out.resize(2 * size);
  }
  out.resize(size);
  return out;
}

Result<OpenFile> open_checked(const fs::path& path, bool secret) {
  OpenFile out{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), 0};
  if (out.descriptor.get() < 0) return system_error(errno, named(path));
  struct stat facts {};
  if (::fstat(out.descriptor.get(), &facts) != 0) return system_error(errno, named(path));
  if (!S_ISREG(facts.st_mode)) return Error(Errc::invalid, fmt::format("{}: not a regular file", named(path)));
  if (secret && (facts.st_mode & 077) != 0) {
    return Error(Errc::not_permitted, fmt::format("{}: readable by others (mode {:04o}); run: chmod 600 {}",
                                                  named(path), facts.st_mode & 07777, named(path)));
  }
  out.size_bytes = static_cast<std::uint64_t>(facts.st_size);
  return out;
}

std::shared_ptr<FileMount>& mounted() {
  static std::shared_ptr<FileMount> mount;
  return mount;
}

/// That in which this path may be, or none.
FileMount* mount_of(const fs::path& path) {
  FileMount* mount = mounted().get();
  return mount != nullptr && mount->covers(path) ? mount : nullptr;
}

/// Whether a file is to be written to the mount: what is secret, and what is there already.
Result<bool> belongs_to_mount(const NewFile& file) {
  FileMount* mount = mount_of(file.path);
  if (mount == nullptr || file.mode == kSecretMode) return mount != nullptr;
  return mount->has(file.path);
}

Result<std::string> read_checked(const fs::path& path, std::size_t max_bytes, bool secret) {
  if (FileMount* mount = mount_of(path)) {
    auto content = mount->read(path, max_bytes);
    if (content || content.error().kind() != Errc::not_found) return content;
  }
  const auto file = open_checked(path, secret);
  if (!file) return file.error();
  return read_open(*file, path, max_bytes);
}

using Publish = Result<void> (WholeFile::*)();

Result<void> write_to_disk(std::span<const NewFile> files, Publish publish) {
  if (auto made = make_folder(files.front().path.parent_path()); !made) return made;
  std::deque<WholeFile> whole;
  for (const auto& file : files) {
    WholeFile& one = whole.emplace_back(file.path, system_disk());
    if (auto begun = one.begin(file.mode); !begun) return begun;
    if (auto written = one.write(as_bytes(file.content)); !written) return written;
    if (auto done = one.finish(); !done) return done;
  }
  for (WholeFile& one : whole) {
    if (auto named_so = (one.*publish)(); !named_so) return named_so;
  }
  return whole.front().sync_folder();
}

Result<void> remove_from_disk(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  return failed ? system_error(failed.value(), named(path)) : Result<void>();
}

bool is_on_disk(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Public if others may read it.
mode_t mode_of(const fs::path& path) {
  std::error_code absent;
  const auto mode = fs::status(path, absent).permissions();
  return !absent && (mode & fs::perms::others_read) != fs::perms::none ? kPublicMode : kSecretMode;
}

/// What is public and is on the disk as well stays the same there, for those who know no vault. Of a secret, a copy
/// would be in the clear, and out of date.
Result<void> write_to_mount(std::span<const NewFile> files, Publish publish) {
  const bool replace = publish == &WholeFile::name_over;
  for (const auto& file : files) {
    if (!replace && is_on_disk(file.path)) return system_error(EEXIST, named(file.path));
  }
  if (auto written = mounted()->write(files, replace); !written) return written;
  for (const auto& file : files) {
    if (!is_on_disk(file.path)) continue;
    auto done = file.mode == kSecretMode ? remove_from_disk(file.path) : write_to_disk({&file, 1}, publish);
    if (!done) return done;
  }
  return {};
}

Result<void> write_whole(std::span<const NewFile> files, Publish publish) {
  std::vector<NewFile> secret, open;
  for (const auto& file : files) {
    const auto is_mounted = belongs_to_mount(file);
    if (!is_mounted) return is_mounted.error();
    (*is_mounted ? secret : open).push_back(file);
  }
  if (!secret.empty()) {
    if (auto written = write_to_mount(secret, publish); !written) return written;
  }
  return open.empty() ? Result<void>() : write_to_disk(open, publish);
}

}  // namespace

void mount_files(std::shared_ptr<FileMount> mount) { mounted() = std::move(mount); }
std::shared_ptr<FileMount> mounted_files() { return mounted(); }

bool file_exists(const fs::path& path) {
  if (FileMount* mount = mount_of(path)) {
    if (const auto has = mount->has(path); has && *has) return true;
  }
  return is_on_disk(path);
}

std::optional<fs::path> vault_that_holds(const fs::path& path) {
  FileMount* mount = mount_of(path);
  if (mount == nullptr) return std::nullopt;
  const auto has = mount->has(path);
  return has && *has ? std::optional(mount->place()) : std::nullopt;
}

Result<void> remove_file(const fs::path& path) {
  if (FileMount* mount = mount_of(path)) {
    if (auto removed = mount->remove(path); !removed) return removed;
  }
  return remove_from_disk(path);
}

Result<std::vector<fs::path>> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  if (FileMount* mount = mount_of(folder)) {
    auto listed = mount->list(folder);
    if (!listed) return listed;
    out = std::move(*listed);
  }
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    out.push_back(at->path());
  }
  const bool absent = failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory;
  if (failed && !absent) return system_error(failed.value(), named(folder));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::optional<fs::file_time_type> written_at(const fs::path& path) {
  if (FileMount* mount = mount_of(path)) {
    if (const auto has = mount->has(path); has && *has) return mount->written_at();
  }
  std::error_code absent;
  const auto written = fs::last_write_time(path, absent);
  return absent ? std::nullopt : std::optional(written);
}

Result<void> check_writable(const fs::path& folder) {
  fs::path nearest = folder.empty() ? fs::path(".") : folder;
  std::error_code ignored;
  while (!fs::exists(nearest, ignored) && nearest.has_parent_path() && nearest.parent_path() != nearest) {
    nearest = nearest.parent_path();
  }
  if (!fs::is_directory(nearest, ignored)) return Error(Errc::invalid, named(nearest) + ": not a folder");
  if (::faccessat(AT_FDCWD, nearest.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return system_error(errno, named(nearest));
}

Result<OpenFile> open_file(const fs::path& path) { return open_checked(path, false); }
Result<OpenFile> open_secret_file(const fs::path& path) { return open_checked(path, true); }

Result<std::size_t> read_some(const OpenFile& file, std::span<std::uint8_t> to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = ::read(file.descriptor.get(), to.data() + done, to.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  return read_checked(path, max_bytes, false);
}

Result<std::string> read_secret_file(const fs::path& path, std::size_t max_bytes) {
  return read_checked(path, max_bytes, true);
}

Result<void> create_disk_file(const fs::path& path, mode_t mode) {
  const NewFile file{path, {}, mode};
  return write_to_disk({&file, 1}, &WholeFile::name_new);
}

Result<void> write_file(const fs::path& path, std::string_view content, mode_t mode) {
  const NewFile file{path, content, mode};
  return write_files({&file, 1});
}

Result<void> create_file(const fs::path& path, std::string_view content, mode_t mode) {
  const NewFile file{path, content, mode};
  return create_files({&file, 1});
}

Result<void> write_files(std::span<const NewFile> files) { return write_whole(files, &WholeFile::name_over); }
Result<void> create_files(std::span<const NewFile> files) { return write_whole(files, &WholeFile::name_new); }

Result<void> move_file(const fs::path& from, const fs::path& to) {
  const auto is_in_mount = [](const fs::path& path) -> Result<bool> {
    FileMount* mount = mount_of(path);
    return mount == nullptr ? Result<bool>(false) : mount->has(path);
  };
  const auto has_from = is_in_mount(from);
  if (!has_from) return has_from.error();
  const auto has_to = is_in_mount(to);
  if (!has_to) return has_to.error();
  // In front of what is on the disk: one that stays there would hide what was moved, or be a secret in the clear.
  if (*has_from) {
    if (auto moved = mounted()->move(from, to); !moved) return moved;
    return remove_from_disk(to);
  }
  if (*has_to) {
    const auto content = read_file(from, kMaxMovedBytes);
    if (!content) return content.error();
    const NewFile file{to, *content, mode_of(from)};
    if (auto written = write_to_mount({&file, 1}, &WholeFile::name_over); !written) return written;
    return remove_from_disk(from);
  }
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, named(to));
  if (const int error = system_disk().sync_folder(to.parent_path()); error < 0) return system_error(-error, named(to));
  return {};
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

Result<bool> FileLock::is_held(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.get() < 0) return errno == ENOENT ? Result<bool>(false) : system_error(errno, named(path));
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
  return errno == EWOULDBLOCK ? Result<bool>(true) : system_error(errno, named(path));
}

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
