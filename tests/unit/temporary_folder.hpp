// A folder of its own for a test or benchmark, removed with all that is in it.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace p2p::test {

class TemporaryFolder {
 public:
  /// Below `parent`, which says which disk it is on.
  explicit TemporaryFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = (parent / "p2p-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder below " + parent.string());
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

  /// Writes a file with exactly this mode and returns its path; folders on the way are 0755.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content, mode_t mode = 0644) const {
    const std::filesystem::path file = path_ / name;
    for (auto folder = file.parent_path(); folder != path_; folder = folder.parent_path()) {
      std::filesystem::create_directories(folder);
      ::chmod(folder.c_str(), 0755);
    }
    std::ofstream(file, std::ios::binary) << content;
    ::chmod(file.c_str(), mode);
    return file;
  }
  /// Likewise, of one that only its owner reads.
  std::string put(const std::filesystem::path& name, std::string_view content) const {
    return write(name, content, 0600).string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace p2p::test
