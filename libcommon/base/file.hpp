// Files are read with a limit and written whole: temporary file in the same folder with its final mode, fsync, rename,
// fsync of the folder. A kill at any instant leaves the old or the new content. Where a vault is mounted
// (file_mount.hpp), files of home are read from it first, and what only the owner may read is written to it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace p2p {

inline constexpr mode_t kSecretMode = 0600;
inline constexpr mode_t kPublicMode = 0644;
inline constexpr mode_t kFolderMode = 0700;

/// Whether something of that name is there: a file, a folder, also a link that leads nowhere. False for an empty path,
/// and where it cannot be looked at.
bool file_exists(const std::filesystem::path& path);

/// The file of the mounted vault, when this one is in it and not on the disk.
std::optional<std::filesystem::path> vault_that_holds(const std::filesystem::path& path);

/// Whether new files can be made in this folder, by the effective user. A missing folder will be made, if the one above
/// allows it.
Result<void> check_writable(const std::filesystem::path& folder);

/// The whole file; `not_found` when absent, `too_large` past `max_bytes`, `invalid` for anything but a regular file.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// As read_file, and `not_permitted` (with the chmod to run) when group or others can read or write it.
Result<std::string> read_secret_file(const std::filesystem::path& path, std::size_t max_bytes);

/// A file open for reading, with its size when it was opened.
struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size_bytes = 0;
};
/// For who reads into memory of its own. Errors as of read_file and read_secret_file.
Result<OpenFile> open_file(const std::filesystem::path& path);
Result<OpenFile> open_secret_file(const std::filesystem::path& path);
/// The next bytes; fewer than there is room for only at the end of the file.
Result<std::size_t> read_some(const OpenFile& file, std::span<std::uint8_t> to);

/// Replaces the file whole. Missing parent folders are made with kFolderMode.
Result<void> write_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// As write_file, but `exists` when the file is there already, decided atomically.
Result<void> create_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// An empty one, on the disk also where a vault is mounted: for a database. `exists` as create_file.
Result<void> create_disk_file(const std::filesystem::path& path, mode_t mode);

struct NewFile {
  std::filesystem::path path;
  std::string_view content;
  mode_t mode;
};
/// As write_file and create_file for several files of one folder, which is synced once. They get their names in this
/// order when all are written; the first that cannot have its name ends it.
Result<void> write_files(std::span<const NewFile> files);
Result<void> create_files(std::span<const NewFile> files);

/// Removes it; what is absent is no error.
Result<void> remove_file(const std::filesystem::path& path);

/// Those in this folder, in order, not in folders below; none where there is no such folder.
Result<std::vector<std::filesystem::path>> files_in(const std::filesystem::path& folder);

/// When it was last written, or nullopt when it is not there.
std::optional<std::filesystem::file_time_type> written_at(const std::filesystem::path& path);

/// Renames within a file system, in place of what is at `to`, and syncs the folder of `to`.
Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes the folder and its missing parents with kFolderMode.
Result<void> make_folder(const std::filesystem::path& path);

/// An exclusive advisory lock (flock) on a file of its own, held until destruction. Movable. A symbolic link is
/// refused: the file it leads to would be emptied for the process id.
class FileLock {
 public:
  /// Fails with `exists` when another process holds it; the context names the file and, where known, the process id.
  static Result<FileLock> try_acquire(const std::filesystem::path& path);
  /// Whether another process holds it now; makes and changes nothing.
  static Result<bool> is_held(const std::filesystem::path& path);
  /// Waits for the lock; blocks the thread.
  static Result<FileLock> acquire(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static Result<FileLock> lock(const std::filesystem::path& path, bool wait);
  int descriptor_ = -1;
};

}  // namespace p2p
