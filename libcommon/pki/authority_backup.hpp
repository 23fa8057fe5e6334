// A CA in one file: certificates and keys, the EAB secret, the newest revocation list, the inventory and the accounts
// of the ACME server. It is an SQLite database with one table, `files(name, content)`, mode 0600, and not encrypted:
// whoever has it is the CA.
#pragma once

#include <filesystem>

#include "pki/issuing_authority.hpp"

namespace p2p::pki {

/// Writes it while the CA of this home may be in use; the caller holds the folder's lock. `exists` when the file is
/// there already.
Result<void> back_up(const std::filesystem::path& home, const std::filesystem::path& file);

/// Puts its files into `home`, in place of those of the same names; the caller holds the folder's lock. Everything is
/// read and checked before anything is written: `damaged` when it is no backup or its key is not its certificate's.
/// The inventory's journals of before go too. The revocation list in `home` stays when it is the newer one.
Result<void> restore(const std::filesystem::path& file, const std::filesystem::path& home);

}  // namespace p2p::pki
