#include "base/whole_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/system_random.hpp"

namespace p2p {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRandomBytes = 8;
constexpr std::string_view kSuffix = ".tmp";

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string temporary_prefix(const fs::path& path) { return fmt::format(".{}.", path.filename().string()); }

std::string temporary_name(const fs::path& path) {
  return fmt::format("{}{}{}", temporary_prefix(path), to_hex(random_bytes(kRandomBytes)), kSuffix);
}

bool is_temporary_name(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + 2 * kRandomBytes + kSuffix.size()) return false;
  if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) return false;
  return name.substr(prefix.size(), 2 * kRandomBytes).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

WholeFile::WholeFile(fs::path path, Disk& disk)
    : path_(std::move(path)), folder_(folder_of(path_)), temporary_(folder_ / temporary_name(path_)), disk_(&disk) {}

void WholeFile::remove_leftovers(const fs::path& path, Disk& disk) {
  const std::string prefix = temporary_prefix(path);
  std::error_code failed;
  for (fs::directory_iterator at(folder_of(path), failed), end; !failed && at != end; at.increment(failed)) {
    if (is_temporary_name(at->path().filename().string(), prefix)) disk.unlink(at->path());
  }
}

WholeFile::~WholeFile() {
  if (file_ >= 0) disk_->close(file_);
  if (is_there_) disk_->unlink(temporary_);
}

Result<void> WholeFile::failed(int error) const { return system_error(-error, path_.string()); }

/// Renaming a file over a device or a pipe would take it from everyone.
Result<void> WholeFile::check_place() const {
  std::error_code ignored;
  const auto status = fs::symlink_status(path_, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_symlink(status))
    return Error(Errc::failed, path_.string() + " is not a file, and is not replaced");
  return {};
}

Result<void> WholeFile::begin_unnamed(mode_t mode) {
  if (auto fine = check_place(); !fine) return fine;
  file_ = disk_->create_unnamed(folder_, mode);
  is_unnamed_ = file_ >= 0;
  // FAT and NFS cannot, old kernels say so in many ways, and what else is wrong shows by this way too.
  return is_unnamed_ ? Result<void>() : begin(mode);
}

Result<void> WholeFile::begin(mode_t mode, const std::optional<FileOwner>& owner) {
  if (auto fine = check_place(); !fine) return fine;
  file_ = disk_->create(temporary_, mode);
  if (file_ < 0) return failed(file_);
  is_there_ = true;
  if (!owner) return {};
  const int error = disk_->give_to(file_, owner->user, owner->group);
  return error < 0 ? failed(error) : Result<void>();
}

Result<void> WholeFile::reserve(std::uint64_t bytes) {
  int error = 0;
  do {
    error = disk_->reserve(file_, bytes);
  } while (error == -EINTR);
  return error < 0 ? failed(error) : Result<void>();
}

Result<void> WholeFile::write_through(ByteView piece) {
  if (auto written = write(piece); !written) return written;
  const int error = disk_->start_sync(file_);
  return error < 0 ? failed(error) : Result<void>();
}

Result<void> WholeFile::write(ByteView piece) {
  while (!piece.empty()) {
    const ssize_t put = disk_->write(file_, piece);
    if (put == -EINTR) continue;
    if (put < 0) return failed(static_cast<int>(put));
    piece = piece.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> WholeFile::finish() {
  if (const int error = disk_->sync(file_); error < 0) return failed(error);
  if (is_unnamed_) return {};  // it is named by its descriptor
  // Network file systems report a failed write only here.
  if (const int error = disk_->close(std::exchange(file_, -1)); error < 0) return failed(error);
  return {};
}

Result<void> WholeFile::name_over() {
  // Only a file with a name can take another's place: for that moment it has one.
  if (is_unnamed_) {
    if (const int error = disk_->link_unnamed(file_, temporary_); error < 0) return failed(error);
    is_unnamed_ = false;
    is_there_ = true;
  }
  if (const int error = disk_->rename(temporary_, path_); error < 0) return failed(error);
  is_there_ = false;
  return {};
}

Result<void> WholeFile::name_new() {
  if (is_unnamed_) {
    const int error = disk_->link_unnamed(file_, path_);
    return error < 0 ? failed(error) : Result<void>();
  }
  // FAT has no links, NFS no such rename.
  int error = disk_->rename_new(temporary_, path_);
  if (error == -EINVAL) {
    error = disk_->link(temporary_, path_);
    if (error == 0) error = disk_->unlink(temporary_);
  }
  if (error < 0) return failed(error);
  is_there_ = false;
  return {};
}

Result<void> WholeFile::sync_folder() const {
  const int error = disk_->sync_folder(folder_);
  return error < 0 ? failed(error) : Result<void>();
}

Result<void> WholeFile::replace() {
  if (auto done = finish(); !done) return done;
  if (auto done = name_over(); !done) return done;
  return sync_folder();
}

Result<void> WholeFile::create() {
  if (auto done = finish(); !done) return done;
  if (auto done = name_new(); !done) return done;
  return sync_folder();
}

}  // namespace p2p
