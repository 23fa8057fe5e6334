// Where a CA has its files, and opening its roots and keys from them.
//
// `ca_cert.pem` holds the roots that are trusted, the one that signs first; usually one, two while one replaces another
// (issuing_rotation.cpp). `ca_key.pem` is the key that signs. During a rotation the other root's key is beside it: in
// `ca_next_key.pem` before it signs, in `ca_old_key.pem` after the new one has taken over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pki/authority.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

struct AuthorityPaths {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path next_key;
  std::filesystem::path old_key;
  std::filesystem::path crl;         ///< the newest lists, public
  std::filesystem::path eab_secret;  ///< from which the keys of invitations are derived
  std::filesystem::path roots;       ///< root_list.hpp, public; none before the first rotation
  std::filesystem::path inventory;
  std::filesystem::path fleet_trust;   ///< fleet_trust.hpp
  std::filesystem::path restore_mark;  ///< there while a restore has begun and not ended, see authority_backup.hpp

  /// The defaults: `certs/ca_*` and `ca/inventory.db`.
  static AuthorityPaths in(const std::filesystem::path& home);
  /// With certificate and key elsewhere; what belongs to the key is beside it.
  static AuthorityPaths of(const std::filesystem::path& home, std::filesystem::path certificate,
                           std::filesystem::path key);
};

/// The roots of a CA and the authorities whose keys are here.
struct AuthoritySet {
  Roots roots;
  /// Not empty; the first is the one that signs, whose root is the first of `roots`.
  std::vector<Authority> authorities;

  const Authority& active() const noexcept { return authorities.front(); }
  /// The authority of that key, or none.
  const Authority* find(ByteView key_id) const;
};

/// `not_found` names a missing file; `damaged` when no key belongs to the first root.
Result<AuthoritySet> open_authorities(const AuthorityPaths& paths);

}  // namespace p2p::pki
