// One CA key takes the place of another, in three steps with days between: both roots are trusted (and reach every
// node), the new key signs (and every certificate is renewed), the old root goes. Each step writes keys before
// certificates and the inventory last, so that a crash between leaves a CA that opens and a step that can be repeated.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pki/certificate_folder.hpp"
#include "pki/inventory_events.hpp"
#include "pki/issuing_authority.hpp"
#include "pki/root_list.hpp"

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

Result<void> write_key(const fs::path& path, const EVP_PKEY& key) {
  const auto pem = crypto::write_private_key(key);
  if (!pem) return pem.error();
  return write_file(path, pem->view(), kSecretMode);
}

}  // namespace

Result<void> IssuingAuthority::write_roots(const std::vector<Certificate>& roots, const Act& act) {
  if (auto written = write_file(paths_.certificate, pem_of(roots), kPublicMode); !written) return written;
  return write_root_list(roots, act);
}

/// Tells the fleet of them. It is signed by every key that is here: by the old one too when it goes, so that a node
/// that trusts only that one still learns of the new root.
Result<void> IssuingAuthority::write_root_list(const std::vector<Certificate>& roots, const Act& act) {
  const auto before = read_file(paths_.roots, kMaxRootListBytes);
  if (!before && before.error().kind() != Errc::not_found) return before.error();
  // At least the time, so that not even after a restored backup a number comes twice.
  const auto version = std::max(before ? claimed_version(*before) + 1 : 1,
                                static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix(act.at), 1)));
  const auto list = sign_root_list(version, roots, set_.authorities);
  if (!list) return list.error();
  return write_file(paths_.roots, *list, kPublicMode);
}

Result<void> IssuingAuthority::repair_root_list(const Act& act) {
  const auto& roots = set_.roots.certificates();
  const auto text = read_file(paths_.roots, kMaxRootListBytes);
  if (!text && text.error().kind() != Errc::not_found) return text.error();
  // Before the first rotation there is none.
  if (!text && roots.size() == 1) return {};
  if (text && claimed_pem(*text) == pem_of(roots)) return {};
  return write_root_list(roots, act);
}

/// A key that belongs to no root, or is the one that signs once more, is left of a step that was cut off.
Result<void> IssuingAuthority::remove_idle_keys() {
  for (const auto& path : {paths_.next_key, paths_.old_key}) {
    const auto key = read_key_file(path);
    if (!key) continue;
    const bool is_used = !crypto::same_key(set_.active().key(), **key) &&
                         std::ranges::any_of(set_.roots.certificates(), [&](const Certificate& root) {
                           return crypto::same_key(root.public_key(), **key);
                         });
    if (is_used) continue;
    if (auto done = remove_file(path); !done) return done;
  }
  return {};
}

Result<RecordedRoot> IssuingAuthority::other_root(bool successor) {
  const auto recorded = inventory_.roots();
  if (!recorded) return recorded.error();
  for (const auto& root : *recorded) {
    if (!root.active && (root.seq > recorded->front().seq) == successor) return root;
  }
  return successor ? Error(Errc::not_found, "there is no new root to activate")
                   : Error(Errc::not_found, "there is no old root to retire");
}

Result<Certificate> IssuingAuthority::make_successor(crypto::KeyType key_type, std::chrono::days lifetime,
                                                     const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  const Certificate current = set_.active().certificate();
  if (auto done = remove_idle_keys(); !done) return done.error();
  if (set_.roots.certificates().size() > 1) {
    return Error(Errc::exists, "a rotation is under way: there are two roots already");
  }
  const auto successor = Authority::make({.cluster_name = cluster_name_,
                                          .key_type = key_type,
                                          .lifetime = lifetime,
                                          .permitted = current.facts().permitted},
                                         act.at);
  if (!successor) return successor.error();
  if (auto done = write_key(paths_.next_key, successor->key()); !done) return done.error();
  if (auto done = write_roots({current, successor->certificate()}, act); !done) return done.error();
  if (auto done = inventory_.append(root_added(successor->certificate()), act.who, act.at); !done) return done.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return successor->certificate();
}

Result<Certificate> IssuingAuthority::activate_successor(const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  const auto root = other_root(true);
  if (!root) return root.error();
  const Authority* next = set_.find(root->key_id);
  if (next == nullptr) return Error(Errc::not_found, paths_.next_key.string() + ": the new root's key is not here");
  const Certificate new_root = next->certificate();
  if (auto done = write_key(paths_.old_key, set_.active().key()); !done) return done.error();
  if (auto done = write_key(paths_.key, next->key()); !done) return done.error();
  if (auto done = write_roots({new_root, set_.active().certificate()}, act); !done) return done.error();
  if (auto done = remove_file(paths_.next_key); !done) return done.error();
  if (auto done = inventory_.append(root_activated(root->key_id), act.who, act.at); !done) return done.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return new_root;
}

Result<std::vector<RecordedCertificate>> IssuingAuthority::list_outdated(WallTime now) {
  const auto root = other_root(false);
  if (!root) return root.error();
  auto out = inventory_.certificates({.issuer_key_id = root->key_id, .expires_after = now, .revoked = false});
  const auto newer = inventory_.certificates(
      {.issuer_key_id = set_.active().certificate().facts().subject_key_id, .expires_after = now, .revoked = false});
  if (!out || !newer) return out ? newer.error() : out.error();
  std::set<std::pair<std::string, std::optional<Role>>> renewed;
  for (const auto& record : *newer) renewed.emplace(record.name, record.role);
  std::erase_if(*out, [&](const auto& record) { return renewed.contains({record.name, record.role}); });
  return out;
}

Result<std::vector<RecordedCertificate>> IssuingAuthority::outdated_certificates(WallTime now) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  return list_outdated(now);
}

Result<void> IssuingAuthority::retire_predecessor(bool anyway, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done;
  if (auto done = remove_idle_keys(); !done) return done;
  const auto root = other_root(false);
  if (!root) return root.error();
  const auto outdated = list_outdated(act.at);
  if (!outdated) return outdated.error();
  if (!outdated->empty() && !anyway) {
    return Error(Errc::not_permitted, fmt::format("{} certificates that the old root signed are in use, such as that "
                                                  "of \"{}\"; renew them first",
                                                  outdated->size(), outdated->front().name));
  }
  if (auto done = write_roots({set_.active().certificate()}, act); !done) return done;
  if (auto done = remove_file(paths_.old_key); !done) return done;
  if (auto done = inventory_.append(root_retired(root->key_id), act.who, act.at); !done) return done;
  return transaction->commit();
}

}  // namespace p2p::pki
