#include "base/whole_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/system_random.hpp"

namespace p2p {

WholeFile::WholeFile(std::filesystem::path path, Disk& disk)
    : path_(std::move(path)),
      folder_(path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".")),
      temporary_(folder_ / fmt::format(".{}.{}.tmp", path_.filename().string(), to_hex(random_bytes(8)))),
      disk_(&disk) {}

WholeFile::~WholeFile() {
  if (file_ >= 0) disk_->close(file_);
  if (is_there_) disk_->unlink(temporary_);
}

Result<void> WholeFile::failed(int error) const { return system_error(-error, path_.string()); }

Result<void> WholeFile::begin(mode_t mode) {
  file_ = disk_->create(temporary_, mode);
  if (file_ < 0) return failed(file_);
  is_there_ = true;
  return {};
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
  // Network file systems report a failed write only here.
  if (const int error = disk_->close(std::exchange(file_, -1)); error < 0) return failed(error);
  return {};
}

Result<void> WholeFile::name_over() {
  if (const int error = disk_->rename(temporary_, path_); error < 0) return failed(error);
  is_there_ = false;
  return {};
}

Result<void> WholeFile::name_new() {
  if (const int error = disk_->link(temporary_, path_); error < 0) return failed(error);
  if (const int error = disk_->unlink(temporary_); error < 0) return failed(error);
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
