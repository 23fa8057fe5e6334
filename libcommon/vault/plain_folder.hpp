// The plain files of a folder that may belong to somebody else, who may change it at any moment.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "crypto/secret_buffer.hpp"
#include "vault/plain_file.hpp"

namespace p2p::vault {

/// Files have names from the folder on, with `/`. Below the folder no symbolic link is followed, neither to a file nor
/// to a folder, also not one that comes in place of what was listed. Movable. All calls block.
class PlainFolder {
 public:
  /// `path` itself may be a link. `not_found` when it is absent.
  static Result<PlainFolder> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }

  /// Those of the regular files at or below `below` that `takes` wants, in order; none when `below` is absent. Of the
  /// others neither the names nor the number matter. Hidden files, and what is in hidden folders, are left out.
  /// `invalid` for a name that no entry can have, `too_large` for more than a vault holds.
  using Takes = std::function<bool(std::string_view)>;
  Result<std::vector<std::string>> files(const std::string& below, const Takes& takes) const;

  Result<crypto::SecretBuffer> read(const std::string& name, std::size_t max_bytes) const;

  /// False, and nothing is removed, when the file has not exactly this content any more.
  Result<bool> remove(const std::string& name, ByteView content) const;

 private:
  PlainFolder(std::filesystem::path path, Descriptor root) : path_(std::move(path)), root_(std::move(root)) {}
  Result<Descriptor> folder(std::string_view name) const;
  Result<OpenFile> file(const std::string& name) const;
  Error failed(int errno_value, std::string_view name) const;

  std::filesystem::path path_;
  Descriptor root_;
};

}  // namespace p2p::vault
