// A file that is written in pieces and appears whole: a temporary file in the same folder with its final mode, fsync,
// rename, fsync of the folder. A kill at any instant leaves the old or the new content.
#pragma once

#include <optional>

#include "base/disk.hpp"
#include "base/error.hpp"

namespace p2p {

/// Whose a new file is to be.
struct FileOwner {
  uid_t user;
  gid_t group;
};

/// One file being written. What was not published is removed at destruction. Not movable; `disk` must outlive it.
class WholeFile {
 public:
  /// The folder of `path` must be there.
  WholeFile(std::filesystem::path path, Disk& disk);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile();

  /// Of this process's user, unless `owner` is said, as root can.
  Result<void> begin(mode_t mode, const std::optional<FileOwner>& owner = {});
  /// As begin, without the temporary file until it gets its name, where the file system can: a kill leaves nothing
  /// then.
  Result<void> begin_unnamed(mode_t mode);
  /// How long it is going to be; a full disk is found before anything is written.
  Result<void> reserve(std::uint64_t bytes);
  Result<void> write(ByteView piece);
  /// As write; and what is large is on its way to the disk while the next piece is made.
  Result<void> write_through(ByteView piece);
  /// Gives it its name, in place of what is there.
  Result<void> replace();
  /// Gives it its name; `exists` when the file is there already, decided atomically.
  Result<void> create();

  // The same in steps, for several files of one folder that is synced once.
  /// All is on the disk; nothing is written any more.
  Result<void> finish();
  Result<void> name_over();
  Result<void> name_new();
  Result<void> sync_folder() const;

  /// Removes what writers of `path` who were killed have left beside it. No other may be writing it now.
  static void remove_leftovers(const std::filesystem::path& path, Disk& disk);

 private:
  Result<void> failed(int error) const;
  Result<void> check_place() const;

  std::filesystem::path path_, folder_, temporary_;
  Disk* disk_;
  int file_ = -1;
  bool is_there_ = false;    ///< the temporary file
  bool is_unnamed_ = false;  ///< what is written has no name yet
};

}  // namespace p2p
