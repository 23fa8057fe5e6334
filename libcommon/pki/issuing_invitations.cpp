// Invitations and the keys of their accounts.
#include <fmt/format.h>

#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/system_random.hpp"
#include "base/text.hpp"
#include "crypto/kdf.hpp"
#include "pki/inventory_events.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kKidBytes = 16;
constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kEabInfo = "p2p-eab/1 ";

Error refused(const std::string& why) { return {Errc::not_permitted, "the invitation " + why}; }

Result<void> check_request(const InvitationRequest& request) {
  if (!is_valid_name(request.name)) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name", escape_controls(request.name.substr(0, 64))));
  }
  if (request.ttl < std::chrono::seconds{1} || request.ttl > kMaxInvitationTtl) {
    return Error(Errc::invalid,
                 fmt::format("an invitation is valid for 1 s to {} days", kMaxInvitationTtl.count() / 24));
  }
  if (request.uses < 1 || request.uses > kMaxInvitationUses) {
    return Error(Errc::invalid, fmt::format("an invitation has 1 to {} uses", kMaxInvitationUses));
  }
  if (request.names.size() > kMaxExtraNames) {
    return Error(Errc::invalid, fmt::format("more than {} additional names", kMaxExtraNames));
  }
  return {};
}

/// The DNS names that a person had put into it, beyond those that every node has. Addresses move between machines, so
/// that each renewal has them proved again.
Result<std::vector<SubjectName>> own_dns_names(const RecordedCertificate& record) {
  const auto certificate = Certificate::from_der(record.der);
  if (!certificate) return certificate.error();
  std::vector<SubjectName> out;
  for (const auto& name : certificate->facts().dns_names) {
    if (name != record.name && name != "localhost") out.push_back({SubjectName::Kind::dns, name});
  }
  return out;
}

}  // namespace

Result<crypto::Secret> IssuingAuthority::eab_secret(bool make) {
  auto text = read_secret_file(paths_.eab_secret, 2 * kSecretBytes + 1);
  if (!text && text.error().kind() == Errc::not_found && make) {
    const Bytes bytes = random_bytes(kSecretBytes);
    const crypto::Secret hex(to_hex(bytes));
    auto made = create_file(paths_.eab_secret, hex.view(), kSecretMode);
    if (!made && made.error().kind() != Errc::exists) return made.error();  // another process may have been faster
    text = read_secret_file(paths_.eab_secret, 2 * kSecretBytes + 1);
  }
  if (!text) return text.error();
  const crypto::Secret hex(std::move(*text));
  const auto bytes = from_hex(trim(hex.view()));
  if (!bytes || bytes->size() != kSecretBytes) {
    return Error(Errc::damaged, paths_.eab_secret.string() + ": not a secret of 32 bytes in hexadecimal");
  }
  return crypto::Secret(as_text(*bytes));
}

Result<crypto::Secret> IssuingAuthority::derive_eab_key(std::string_view kid, bool make_secret) {
  const auto secret = eab_secret(make_secret);
  if (!secret) return secret.error();
  return crypto::hkdf(as_bytes(secret->view()), std::string(kEabInfo).append(kid), kEabKeyBytes);
}

Result<crypto::Secret> IssuingAuthority::choose_kid(std::string& kid) {
  for (;;) {  // ends: one in about 32 is passed over
    kid = to_base64url(random_bytes(kKidBytes));
    auto key = derive_eab_key(kid, true);
    if (!key) return key;
    if (!kid.starts_with('-') && !to_base64url(as_bytes(key->view())).starts_with('-')) return key;
  }
}

Result<Invitation> IssuingAuthority::invite(const InvitationRequest& request, const Act& act) {
  if (auto checked = check_request(request); !checked) return checked.error();
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  const auto& root = set_.active().certificate().facts();
  for (const auto& name : request.names) {
    if (!root.permitted.permits(name)) {
      return Error(Errc::invalid,
                   fmt::format("\"{}\" is outside what this CA may sign: {}", name.text, root.permitted.text()));
    }
  }
  RecordedInvitation record;
  record.name = request.name;
  record.role = request.role;
  record.names = request.names;
  record.expires_at = from_unix(to_unix(act.at + request.ttl));
  record.uses = request.uses;
  const auto key = choose_kid(record.kid);
  if (!key) return key.error();
  if (auto done = inventory_.append(invitation_made(record), act.who, act.at); !done) return done.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return Invitation{.coordinators = {},
                    .ca_fingerprint = Bytes(root.sha256.begin(), root.sha256.end()),
                    .kid = record.kid,
                    .hmac_key = to_bytes(key->view()),
                    .name = record.name,
                    .role = record.role,
                    .expires_at = record.expires_at,
                    .cluster_name = cluster_name_};
}

Result<RecordedInvitation> IssuingAuthority::find_invitation(std::string_view kid) {
  const std::lock_guard lock(*mutex_);
  return inventory_.invitation(kid);
}

Result<crypto::Secret> IssuingAuthority::eab_key(std::string_view kid) {
  const std::lock_guard lock(*mutex_);
  if (const auto record = inventory_.invitation(kid); !record) return record.error();
  return derive_eab_key(kid, false);
}

Result<RecordedInvitation> IssuingAuthority::redeem(std::string_view kid, std::string_view thumbprint, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  auto record = inventory_.invitation(kid);
  if (!record) {
    return record.error().kind() == Errc::not_found ? refused("is not one of this CA") : record.error();
  }
  if (record->revoked_at) return refused("was revoked");
  const auto is_bound = inventory_.is_bound(kid, thumbprint);
  if (!is_bound) return is_bound.error();
  if (*is_bound) return record;
  if (act.at >= record->expires_at) return refused("expired at " + format_rfc3339(record->expires_at, 0));
  if (record->used >= record->uses) {
    return refused(record->uses == 1 ? "was used already"
                                     : fmt::format("was used already by all {} machines", record->uses));
  }
  if (auto done = inventory_.append(invitation_redeemed(kid, thumbprint), act.who, act.at); !done) {
    return done.error();
  }
  if (auto done = transaction->commit(); !done) return done.error();
  ++record->used;
  return record;
}

Result<RecordedInvitation> IssuingAuthority::admit(const CertificateId& certificate, std::string_view thumbprint,
                                                   const Act& act) {
  const auto shown = find(certificate.issuer_key_id, certificate.serial);
  if (!shown) return shown.error();
  const auto not_permitted = [&](const char* why) {
    return Error(Errc::not_permitted, fmt::format("the certificate of \"{}\" {}", shown->name, why));
  };
  if (!shown->role || *shown->role == Role::operator_) return not_permitted("is not a node's");
  if (shown->revoked) return not_permitted("is revoked");
  if (shown->not_after <= act.at) return not_permitted("has expired");
  auto names = own_dns_names(*shown);
  if (!names) return names.error();

  RecordedInvitation record;
  record.kid = to_base64url(random_bytes(kKidBytes));
  record.name = shown->name;
  record.role = shown->role;
  record.names = std::move(*names);
  record.expires_at = from_unix(to_unix(act.at) + 1);  // nobody else ever uses it
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  const auto open = inventory_.open_invitations(record.name, act.at);
  if (!open) return open.error();
  if (open->size() >= kMaxOpenInvitations) {
    return Error(Errc::limited, fmt::format("\"{}\" has {} accounts and invitations; p2p-ca revoke {} ends them all",
                                            record.name, open->size(), record.name));
  }
  if (auto done = inventory_.append(invitation_made(record), act.who, act.at); !done) return done.error();
  if (auto done = inventory_.append(invitation_redeemed(record.kid, thumbprint), act.who, act.at); !done) {
    return done.error();
  }
  if (auto done = transaction->commit(); !done) return done.error();
  record.created_at = act.at;
  record.used = 1;
  return record;
}

Result<RecordedInvitation> IssuingAuthority::invitation_of(std::string_view kid, std::string_view thumbprint) {
  const std::lock_guard lock(*mutex_);
  const auto is_bound = inventory_.is_bound(kid, thumbprint);
  if (!is_bound) return is_bound.error();
  if (!*is_bound) return refused("is not this account's");
  auto record = inventory_.invitation(kid);
  if (record && record->revoked_at) return refused("was revoked");
  return record;
}

Result<std::vector<RecordedInvitation>> IssuingAuthority::redeemable_invitations(WallTime now) {
  const std::lock_guard lock(*mutex_);
  return inventory_.redeemable_invitations(now);
}

Result<Revocation> IssuingAuthority::revoke_invitation(std::string_view kid, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  auto record = inventory_.invitation(kid);
  if (!record) return record.error();
  Revocation out;
  out.is_repeated = record->revoked_at.has_value();
  out.invitations.push_back(std::move(*record));
  if (out.is_repeated) return out;
  if (auto done = inventory_.append(invitation_revoked(kid), act.who, act.at); !done) return done.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return out;
}

}  // namespace p2p::pki
