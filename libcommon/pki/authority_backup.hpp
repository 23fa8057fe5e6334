// A CA in one file: certificates and keys, the EAB secret, the newest revocation list, the inventory and the accounts
// of the ACME server. It is an SQLite database with one table, `files(name, content)`, mode 0600, and not encrypted:
// whoever has it is the CA.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "pki/issuing_authority.hpp"

namespace p2p::pki {

/// Writes it while the CA of this home may be in use; the caller holds the folder's lock. `exists` when the file is
/// there already.
Result<void> back_up(const std::filesystem::path& home, const std::filesystem::path& file);

using BackupFiles = std::map<std::string, std::string, std::less<>>;

/// What back_up() wrote, in memory, and wiped there at the end.
class Backup {
 public:
  /// Reads and checks it: `damaged` when it is no backup or its key is not its certificate's.
  static Result<Backup> read(const std::filesystem::path& file);
  Backup(Backup&&) = default;
  ~Backup();

  const std::string& name() const noexcept { return name_; }
  const Roots& roots() const noexcept { return roots_; }
  BackupFiles& files() noexcept { return files_; }

 private:
  Backup(std::string name, BackupFiles files, Roots roots)
      : name_(std::move(name)), files_(std::move(files)), roots_(std::move(roots)) {}

  std::string name_;
  BackupFiles files_;  ///< by their names in home
  Roots roots_;
};

/// Begins to put its files into `home`, in place of those of the same names; the caller holds the folder's lock and
/// sees to it that no node of this home runs. Everything is written beside its place before anything is replaced:
/// `exists` when a process has a database of this CA open. The revocation list in `home` stays when it is the newer
/// one; the list of roots goes with the backup's, so that none is served that the CA does not know.
///
/// From then on, and until end_restore(), only IssuingAuthority::open_restored opens this CA: a process that is killed
/// in between leaves no CA that forgot what was revoked, and the restore can be run again.
Result<void> begin_restore(Backup backup, const std::filesystem::path& home);
Result<void> end_restore(const std::filesystem::path& home);

}  // namespace p2p::pki
