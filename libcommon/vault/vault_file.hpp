// One vault file on disk: opened, and saved whole. Readers take no lock; writers take one on a file beside it, read
// what is newest, apply their own changes and save, so that they never undo each other's.
#pragma once

#include "base/disk.hpp"
#include "base/file.hpp"
#include "vault/contents.hpp"
#include "vault/keys.hpp"
#include "vault/vault_error.hpp"

namespace p2p::vault {

/// An opened vault as it was at that moment.
struct Opened {
  Header header;
  crypto::Secret master;
  Contents contents;
};

/// Movable, thread-safe as the file is. Its errors begin with the file's name; of these kinds: `not_found` for no file,
/// `not_permitted` for one that others may read (with the chmod to run) and for VaultErrc::wrong_password,
/// `damaged` for a damaged header or content, which is said.
class VaultFile {
 public:
  /// A symbolic link is followed now, so that lock and file stay beside each other. `disk` must outlive it.
  explicit VaultFile(std::filesystem::path path, Disk& disk = system_disk());

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Whether anything of that name is there; also true where it cannot be seen.
  bool exists() const;
  /// Whether it is a symbolic link behind which there is no file.
  bool leads_nowhere() const;

  /// Needs no password.
  Result<Header> read_header() const;

  Result<Opened> open(const Unlock& unlock) const;

  /// A new vault of these contents; `exists` when there is one. Of two at once one fails. Returns the master.
  Result<crypto::Secret> create(const Contents& contents, const crypto::Secret& password,
                                std::uint32_t iterations) const;

  /// Applies `change` to what is newest and saves it; what `change` fails with leaves the file as it is. Waits for
  /// other writers; blocks the thread.
  using Change = std::function<Result<void>(Contents&)>;
  Result<void> update(const Unlock& unlock, const Change& change) const;

  /// Encrypts everything anew, with a new password. Returns the new master.
  Result<crypto::Secret> rekey(const Unlock& unlock, const crypto::Secret& password, std::uint32_t iterations) const;

 private:
  enum class Publish : unsigned char { replace, create };
  Result<FileLock> lock() const;
  Error named(const Error& error) const;
  Result<void> save(const Header& header, const Keys& keys, const Contents& contents, Publish publish) const;

  std::filesystem::path path_;
  Disk* disk_;
};

}  // namespace p2p::vault
