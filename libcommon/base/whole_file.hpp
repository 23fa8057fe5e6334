// A file that is written in pieces and appears whole: a temporary file in the same folder with its final mode, fsync,
// rename, fsync of the folder. A kill at any instant leaves the old or the new content.
#pragma once

#include "base/disk.hpp"
#include "base/error.hpp"

namespace p2p {

/// One file being written. What was not published is removed at destruction. Not movable; `disk` must outlive it.
class WholeFile {
 public:
  /// The folder of `path` must be there.
  WholeFile(std::filesystem::path path, Disk& disk);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile();

  Result<void> begin(mode_t mode);
  Result<void> write(ByteView piece);
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

 private:
  Result<void> failed(int error) const;

  std::filesystem::path path_, folder_, temporary_;
  Disk* disk_;
  int file_ = -1;
  bool is_there_ = false;  ///< the temporary file
};

}  // namespace p2p
