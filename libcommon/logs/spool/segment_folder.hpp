// The folder of segments, on the disk: how their files are named, made, replaced and removed.
#pragma once

#include <vector>

#include "base/disk.hpp"
#include "logs/spool/frame.hpp"

namespace p2p::logs {

/// One thread. `disk` must outlive it. Errors name the file.
class SegmentFolder {
 public:
  /// Makes the folder (mode 0700) and removes what a killed process left half done.
  static Result<SegmentFolder> open(std::filesystem::path path, Disk& disk);
  SegmentFolder(SegmentFolder&& other) noexcept;
  SegmentFolder& operator=(SegmentFolder&&) = delete;
  ~SegmentFolder();  ///< closes; does not sync

  /// The numbers of the segments there are, rising.
  Result<std::vector<std::uint64_t>> list() const;
  std::filesystem::path file_of(std::uint64_t number) const;
  /// The whole file, or its first `max_bytes`.
  Result<Bytes> read(std::uint64_t number, std::size_t max_bytes) const;

  /// A new file (mode 0600) that append() writes to from now on. When it fails, the one before stays in use.
  Result<void> create(std::uint64_t number, ByteView content);
  /// All or nothing: what could not be written whole is cut off again, and if that fails too, append() fails from then
  /// on until create().
  Result<void> append(ByteView content);
  bool can_append() const { return file_ >= 0; }
  /// What was created, appended and removed since the last time is on the disk.
  Result<void> sync();
  /// This file is on the disk, and has its name there; what else was written is none the nearer.
  Result<void> sync(std::uint64_t number);
  bool needs_sync() const { return !unsynced_.empty() || folder_changed_; }
  /// There is no need to sync what was written so far: it is stored elsewhere.
  void forget_unsynced();

  /// The file as a whole, on the disk.
  Result<void> replace(std::uint64_t number, ByteView content);
  Result<void> remove(std::uint64_t number);
  /// Gives the file a name that is no segment's, and says which.
  Result<std::filesystem::path> set_aside(std::uint64_t number);

 private:
  SegmentFolder(std::filesystem::path path, Disk& disk) : path_(std::move(path)), disk_(&disk) {}
  Result<void> write_all(int file, const std::filesystem::path& name, ByteView content);

  std::filesystem::path path_;
  Disk* disk_;
  int file_ = -1;  // of the segment that is appended to
  std::filesystem::path file_name_;
  std::uint64_t file_bytes_ = 0;
  std::vector<int> unsynced_;  // written to; owned, but for file_
  bool folder_changed_ = false;
};

}  // namespace p2p::logs
