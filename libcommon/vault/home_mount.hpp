// The files of a home that has a vault: what is below certs/, config/, data/ and the node's state_directory is an entry
// of the same name.
#pragma once

#include <sys/stat.h>

#include <set>

#include "base/file_mount.hpp"
#include "vault/storage.hpp"

namespace p2p::vault {

/// Which entries there are is remembered as long as the file does not change; the disk is asked each time.
class HomeMount final : public FileMount {
 public:
  HomeMount(const std::filesystem::path& home, VaultFile file, Unlock unlock)
      : home_(std::filesystem::weakly_canonical(home)),
        named_home_(std::filesystem::absolute(home).lexically_normal()),
        storage_(std::move(file), std::move(unlock)) {}

  /// Also this folder, if it is one of home. Before other threads begin.
  void cover(const std::filesystem::path& folder);

  bool covers(const std::filesystem::path& path) const override;
  Result<bool> has(const std::filesystem::path& path) override;
  Result<std::string> read(const std::filesystem::path& path, std::size_t max_bytes) override;
  Result<void> write(std::span<const NewFile> files, bool replace) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<std::vector<std::filesystem::path>> list(const std::filesystem::path& folder) override;
  std::filesystem::path place() const override { return storage_.file().path(); }
  std::filesystem::file_time_type written_at() const override;

 private:
  using Names = std::set<std::string, std::less<>>;
  /// A file that was replaced is another one.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    timespec written{};
    off_t size_bytes = -1;
    bool operator==(const Version& other) const noexcept;
  };
  std::string name_of(const std::filesystem::path& path) const;
  Result<Version> version() const;
  Result<std::shared_ptr<const Names>> names();
  Error named(const Error& error) const;

  const std::filesystem::path home_;
  const std::filesystem::path named_home_;  ///< with links in it
  std::vector<std::string> folders_{"certs", "config", "data"};
  Storage storage_;
  std::mutex mutex_;  ///< of the two below
  Version seen_;
  std::shared_ptr<const Names> names_;
};

}  // namespace p2p::vault
