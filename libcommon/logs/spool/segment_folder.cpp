#include "logs/spool/segment_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/whole_file.hpp"

namespace p2p::logs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kAsideSuffix = ".aside";
/// So many files that are still to be synced are kept open.
constexpr std::size_t kMaxUnsyncedFiles = 16;
/// A file that is larger was not made by this spool.
constexpr std::uint64_t kMaxSegmentFileBytes = 64 << 20;

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (!name.ends_with(kSegmentSuffix)) return std::nullopt;
  name.remove_suffix(kSegmentSuffix.size());
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), out);
  if (failed != std::errc{} || end != name.data() + name.size() || out == 0) return std::nullopt;
  return out;
}

Error error_at(const fs::path& path, int negative_errno) { return system_error(-negative_errno, path.string()); }

}  // namespace

Result<SegmentFolder> SegmentFolder::open(fs::path path, Disk& disk) {
  if (auto made = make_folder(path); !made) return made.error();
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) return system_error(errno, path.string());
  std::error_code failed;
  for (fs::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".tmp") disk.unlink(at->path());
  }
  if (failed) return Error(failed, path.string());
  return SegmentFolder(std::move(path), disk);
}

SegmentFolder::SegmentFolder(SegmentFolder&& other) noexcept
    : path_(std::move(other.path_)),
      disk_(other.disk_),
      file_(std::exchange(other.file_, -1)),
      file_name_(std::move(other.file_name_)),
      file_bytes_(other.file_bytes_),
      unsynced_(std::exchange(other.unsynced_, {})),
      folder_changed_(other.folder_changed_) {}

SegmentFolder::~SegmentFolder() {
  forget_unsynced();
  if (file_ >= 0) disk_->close(file_);
}

Result<std::vector<std::uint64_t>> SegmentFolder::list() const {
  std::vector<std::uint64_t> out;
  std::error_code failed;
  for (fs::directory_iterator at(path_, failed), end; !failed && at != end; at.increment(failed)) {
    if (const auto number = segment_number(at->path().filename().string())) out.push_back(*number);
  }
  if (failed) return Error(failed, path_.string());
  std::sort(out.begin(), out.end());
  return out;
}

fs::path SegmentFolder::file_of(std::uint64_t number) const {
  return path_ / fmt::format("{:08}{}", number, kSegmentSuffix);
}

Result<Bytes> SegmentFolder::read(std::uint64_t number, std::size_t max_bytes) const {
  const fs::path name = file_of(number);
  const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return system_error(errno, name.string());
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return system_error(errno, name.string());
  if (!S_ISREG(facts.st_mode)) return Error(Errc::invalid, name.string() + ": not a regular file");
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (size > kMaxSegmentFileBytes) return Error(Errc::too_large, name.string() + ": too large for a segment");
  Bytes out(std::min<std::uint64_t>(size, max_bytes));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = ::read(file.get(), out.data() + done, out.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno, name.string());
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  out.resize(done);
  return out;
}

Result<void> SegmentFolder::write_all(int file, const fs::path& name, ByteView content) {
  while (!content.empty()) {
    const ssize_t count = disk_->write(file, content);
    if (count == -EINTR) continue;
    if (count < 0) return error_at(name, static_cast<int>(count));
    if (count == 0) return error_at(name, -ENOSPC);
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> SegmentFolder::create(std::uint64_t number, ByteView content) {
  const fs::path name = file_of(number);
  const int file = disk_->create(name, kSecretMode);
  if (file < 0) return error_at(name, file);
  if (auto written = write_all(file, name, content); !written) {
    disk_->close(file);
    disk_->unlink(name);
    return written;
  }
  const bool is_kept = std::find(unsynced_.begin(), unsynced_.end(), file_) != unsynced_.end();
  if (file_ >= 0 && !is_kept) disk_->close(file_);
  file_ = file;
  file_name_ = name;
  file_bytes_ = content.size();
  unsynced_.push_back(file);
  folder_changed_ = true;
  return unsynced_.size() > kMaxUnsyncedFiles ? sync() : Result<void>();
}

Result<void> SegmentFolder::append(ByteView content) {
  if (file_ < 0) return Error(Errc::failed, path_.string() + ": no segment can be written");
  if (auto written = write_all(file_, file_name_, content); !written) {
    if (::ftruncate(file_, static_cast<off_t>(file_bytes_)) != 0) {
      forget_unsynced();
      disk_->close(std::exchange(file_, -1));
    } else {
      ::lseek(file_, static_cast<off_t>(file_bytes_), SEEK_SET);
    }
    return written;
  }
  file_bytes_ += content.size();
  if (std::find(unsynced_.begin(), unsynced_.end(), file_) == unsynced_.end()) unsynced_.push_back(file_);
  return {};
}

Result<void> SegmentFolder::sync() {
  int failed = 0;
  // After a failed fsync the kernel may have let go of the pages: to sync them once more would say nothing.
  for (const int file : std::exchange(unsynced_, {})) {
    failed = std::min(failed, disk_->sync(file));
    if (file != file_) disk_->close(file);
  }
  if (std::exchange(folder_changed_, false)) failed = std::min(failed, disk_->sync_folder(path_));
  return failed < 0 ? error_at(path_, failed) : Result<void>();
}

Result<void> SegmentFolder::sync(std::uint64_t number) {
  const fs::path name = file_of(number);
  const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return system_error(errno, name.string());
  if (const int failed = disk_->sync(file.get()); failed < 0) return error_at(name, failed);
  if (const int failed = disk_->sync_folder(path_); failed < 0) return error_at(path_, failed);
  return {};
}

void SegmentFolder::forget_unsynced() {
  for (const int file : std::exchange(unsynced_, {})) {
    if (file != file_) disk_->close(file);
  }
  folder_changed_ = false;
}

Result<void> SegmentFolder::replace(std::uint64_t number, ByteView content) {
  WholeFile file(file_of(number), *disk_);
  if (auto begun = file.begin(kSecretMode); !begun) return begun;
  if (auto written = file.write(content); !written) return written;
  return file.replace();
}

Result<void> SegmentFolder::remove(std::uint64_t number) {
  const fs::path name = file_of(number);
  if (const int failed = disk_->unlink(name); failed < 0 && failed != -ENOENT) return error_at(name, failed);
  folder_changed_ = true;
  return {};
}

Result<fs::path> SegmentFolder::set_aside(std::uint64_t number) {
  const fs::path name = file_of(number);
  fs::path aside = name;
  aside += kAsideSuffix;
  if (const int failed = disk_->rename(name, aside); failed < 0) return error_at(name, failed);
  folder_changed_ = true;
  return aside;
}

}  // namespace p2p::logs
