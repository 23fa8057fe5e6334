// Files that are kept elsewhere than on the disk, under the paths that they would have there: those of a home that has
// a vault. The functions of base/file.hpp ask a mount first, so that nobody else has to know.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace p2p {

/// Thread-safe. All calls block.
class FileMount {
 public:
  virtual ~FileMount() = default;
  /// Whether files of this path may be in it; of others nothing is asked.
  virtual bool covers(const std::filesystem::path& path) const = 0;
  virtual Result<bool> has(const std::filesystem::path& path) = 0;
  /// `not_found` when absent: then the disk is asked.
  virtual Result<std::string> read(const std::filesystem::path& path, std::size_t max_bytes) = 0;
  /// All of them or none; without `replace`, `exists` when one is there.
  virtual Result<void> write(std::span<const NewFile> files, bool replace) = 0;
  /// What is absent is no error.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  /// `not_found` when `from` is absent.
  virtual Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual Result<std::vector<std::filesystem::path>> list(const std::filesystem::path& folder) = 0;
  /// The file that holds all of it.
  virtual std::filesystem::path place() const = 0;
  /// When anything in it was last written.
  virtual std::filesystem::file_time_type written_at() const = 0;
};

/// From now on of this process, in place of one before; none for nullptr. Before other threads begin.
void mount_files(std::shared_ptr<FileMount> mount);
/// That, or nullptr.
std::shared_ptr<FileMount> mounted_files();

}  // namespace p2p
