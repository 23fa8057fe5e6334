// A CA in one file: certificates and keys, the EAB secret, the newest revocation list, the inventory and the accounts
// of the ACME server. It is an SQLite database with one table, `files(name, content)`, mode 0600, and not encrypted:
// whoever has it is the CA.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pki/issuing_authority.hpp"

namespace p2p::pki {

/// Writes it while the CA of this home may be in use; the caller holds the folder's lock. `exists` when the file is
/// there already.
Result<void> back_up(const std::filesystem::path& home, const std::filesystem::path& file);

/// A revocation list that a person gave, in PEM, and how errors call it.
struct GivenCrl {
  std::string name;
  std::string pem;
};

/// Begins to put its files into `home`, in place of those of the same names; the caller holds the folder's lock and
/// sees to it that no node of this home runs. Everything is read and checked, and written beside its place, before
/// anything is replaced: `damaged` when it is no backup or its key is not its certificate's, `exists` when a process
/// has a database of this CA open, and what read_crls() says of a list in `newer` that the backup's CA did not sign.
/// The revocation list in `home` stays when it is the newer one.
///
/// From then on, and until end_restore(), only IssuingAuthority::open_restored opens this CA: a process that is killed
/// in between leaves no CA that forgot what was revoked, and the restore can be run again.
Result<void> begin_restore(const std::filesystem::path& file, const std::filesystem::path& home,
                           const std::optional<GivenCrl>& newer = {});
Result<void> end_restore(const std::filesystem::path& home);

}  // namespace p2p::pki
