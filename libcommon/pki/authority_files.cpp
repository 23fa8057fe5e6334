#include "pki/authority_files.hpp"

#include <algorithm>

#include "config/paths.hpp"
#include "pki/certificate_folder.hpp"

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

/// The keys that are there; the first must be.
Result<std::vector<crypto::KeyPtr>> read_keys(const AuthorityPaths& paths) {
  std::vector<crypto::KeyPtr> out;
  for (const auto* path : {&paths.key, &paths.next_key, &paths.old_key}) {
    auto key = read_key_file(*path);
    if (!key && key.error().kind() == Errc::not_found && !out.empty()) continue;
    if (!key) return key.error();
    out.push_back(std::move(*key));
  }
  return out;
}

}  // namespace

AuthorityPaths AuthorityPaths::in(const fs::path& home) {
  const fs::path certs = config::Paths(home).certs();
  return of(home, certs / "ca_cert.pem", certs / "ca_key.pem");
}

AuthorityPaths AuthorityPaths::of(const fs::path& home, fs::path certificate, fs::path key) {
  const fs::path beside = key.parent_path();
  const fs::path records = home / "ca";
  return {.certificate = std::move(certificate),
          .key = std::move(key),
          .next_key = beside / "ca_next_key.pem",
          .old_key = beside / "ca_old_key.pem",
          .crl = beside / "ca_crl.pem",
          .eab_secret = beside / "ca_eab_secret",
          .roots = beside / "ca_roots.json",
          .inventory = records / "inventory.db",
          .fleet_trust = records / "fleet.json",
          .restore_mark = records / "restoring"};
}

const Authority* AuthoritySet::find(ByteView key_id) const {
  const auto found = std::find_if(authorities.begin(), authorities.end(), [&](const Authority& authority) {
    return std::ranges::equal(authority.certificate().facts().subject_key_id, key_id);
  });
  return found == authorities.end() ? nullptr : &*found;
}

Result<AuthoritySet> open_authorities(const AuthorityPaths& paths) {
  const auto pem = read_file(paths.certificate, kMaxCertificatePemBytes);
  if (!pem) return pem.error();
  auto roots = Roots::from_pem(*pem, paths.certificate.string());
  if (!roots) return roots.error();
  auto keys = read_keys(paths);
  if (!keys) return keys.error();
  std::vector<Authority> authorities;
  for (const auto& root : roots->certificates()) {
    const auto own = std::find_if(keys->begin(), keys->end(), [&](const crypto::KeyPtr& key) {
      return key && crypto::same_key(root.public_key(), *key);
    });
    if (own == keys->end()) {
      if (!authorities.empty()) continue;
      return Error(Errc::damaged,
                   paths.key.string() + ": the key does not belong to the certificate " + paths.certificate.string());
    }
    auto authority = Authority::open(root, std::move(*own));
    if (!authority) return Error(authority.error().code, paths.certificate.string() + ": " + authority.error().context);
    authorities.push_back(std::move(*authority));
  }
  return AuthoritySet{std::move(*roots), std::move(authorities)};
}

}  // namespace p2p::pki
