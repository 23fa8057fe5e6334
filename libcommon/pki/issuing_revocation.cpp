// Revoking, and the list that tells of it.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "base/file.hpp"
#include "base/text.hpp"
#include "pki/inventory_events.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::pki {
namespace {

/// RFC 5280 section 3.3 wants an entry on one more list after the certificate's end; then it may go.
constexpr std::chrono::hours kKeptAfterEnd = 2 * kCrlLifetime;
/// SQLite's integers have a sign.
constexpr std::uint64_t kLastNumber = std::numeric_limits<std::int64_t>::max();

/// Fewer digits of a serial number are too easily another's.
constexpr std::size_t kMinSerialDigits = 8;

bool is_serial(std::string_view text) {
  return text.size() >= kMinSerialDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

Result<Revocation> IssuingAuthority::revoke_name(const std::string& name, RevocationReason reason, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  auto certificates = inventory_.certificates({.name = name, .expires_after = act.at, .revoked = false});
  if (!certificates) return certificates.error();
  const auto invitations = inventory_.open_invitations(name, act.at);
  if (!invitations) return invitations.error();
  if (certificates->empty() && invitations->empty()) {
    auto before = inventory_.certificates({.name = name, .expires_after = act.at, .revoked = true});
    if (!before) return before.error();
    if (!before->empty()) return Revocation{.certificates = std::move(*before), .is_repeated = true};
    return Error(Errc::not_found, fmt::format("\"{}\" has no valid certificate and no open invitation", name));
  }
  // Others that are open are accounts that have used theirs.
  auto redeemable = inventory_.redeemable_invitations(act.at);
  if (!redeemable) return redeemable.error();
  std::erase_if(*redeemable, [&](const RecordedInvitation& one) { return one.name != name; });
  for (auto& record : *certificates) {
    const Event event = certificate_revoked(record.issuer_key_id, record.serial, reason);
    if (auto done = inventory_.append(event, act.who, act.at); !done) return done.error();
    record.revoked = {act.at, reason};
  }
  for (const auto& invitation : *invitations) {
    if (auto done = inventory_.append(invitation_revoked(invitation.kid), act.who, act.at); !done) return done.error();
  }
  if (auto done = transaction->commit(); !done) return done.error();
  return Revocation{.certificates = std::move(*certificates), .invitations = std::move(*redeemable)};
}

Result<Revocation> IssuingAuthority::revoke_target(const std::string& target, RevocationReason reason, const Act& act) {
  auto by_name = revoke_name(target, reason, act);
  if (by_name || by_name.error().kind() != Errc::not_found) return by_name;
  auto by_kid = revoke_invitation(target, act);
  if (by_kid || by_kid.error().kind() != Errc::not_found) return by_kid;
  if (!is_serial(target)) return by_name;
  auto found = certificates({.serial_prefix = lower_ascii(target)});
  if (!found) return found.error();
  if (found->empty()) return by_name;
  if (found->size() > 1) {
    return Error(Errc::invalid, fmt::format("{} serial numbers begin with {}", found->size(), target));
  }
  if (found->front().revoked) return Revocation{.certificates = std::move(*found), .is_repeated = true};
  const auto certificate = Certificate::from_der(found->front().der);
  if (!certificate) return certificate.error();
  if (auto done = revoke(*certificate, reason, act); !done) return done.error();
  found->front().revoked = {act.at, reason};
  return Revocation{.certificates = std::move(*found)};
}

Result<void> IssuingAuthority::revoke(const Certificate& certificate, RevocationReason reason, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done;
  if (set_.roots.issuer_of(certificate) == nullptr) {
    return Error(Errc::not_found, "the certificate was not signed by this CA");
  }
  const auto& facts = certificate.facts();
  // Revocation is looked up by it, so that revoking such a one would have no effect.
  if (facts.issuer_key_id.empty()) return Error(Errc::unsupported, "the certificate has no authority key identifier");
  const auto is_there = inventory_.has_certificate(certificate);
  if (!is_there) return is_there.error();
  if (!*is_there) {
    // Signed with this key all the same, by a copy of it or before there was an inventory.
    if (auto done = inventory_.append(certificate_imported(certificate), act.who, act.at); !done) return done;
  }
  const auto revoked = inventory_.certificates(
      {.issuer_key_id = facts.issuer_key_id, .serial_prefix = to_hex(facts.serial), .revoked = true});
  if (!revoked) return revoked.error();
  if (!revoked->empty()) return {};
  const Event event = certificate_revoked(facts.issuer_key_id, facts.serial, reason);
  if (auto done = inventory_.append(event, act.who, act.at); !done) return done;
  return transaction->commit();
}

Result<SignedCrl> IssuingAuthority::current_crl(const Act& act) {
  const std::lock_guard lock(*mutex_);
  // The lock of the transaction also keeps two processes from writing the file in the wrong order.
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  auto newest = inventory_.newest_crl();
  if (!newest) return newest.error();
  const auto& last = *newest;
  const auto in_file = read_file(paths_.crl, kMaxCrlBytes);
  const bool is_in_file = in_file && last && *in_file == last->pem;
  const std::uint64_t last_number = last ? last->number : 0;
  // After a restore the file may be newer than what the inventory knows of.
  const std::uint64_t file_number = in_file && !is_in_file ? highest_number(*in_file) : 0;
  const bool is_due = !last || !last->is_current || last->pem.empty() || file_number > last_number ||
                      act.at >= last->signed_at + kCrlRenewal;
  if (!is_due && is_in_file) return SignedCrl{last->number, last->next_update, last->pem};
  // What the file revokes stays revoked, even where the inventory was lost or is older.
  if (file_number > last_number) {
    if (auto done = adopt_lists(*in_file, paths_.crl.string(), act); !done) return done.error();
  }
  auto out = is_due ? sign_crl_anew(std::max(last_number, file_number), act)
                    : SignedCrl{last->number, last->next_update, last->pem};
  if (!out) return out;
  if (auto written = write_file(paths_.crl, out->pem, kPublicMode); !written) return written.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return out;
}

Result<void> IssuingAuthority::adopt_crl(std::string_view pem, const std::string& name, const Act& act) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done;
  if (auto done = adopt_lists(pem, name, act); !done) return done;
  // The next list goes by the number in the file.
  const auto in_file = read_file(paths_.crl, kMaxCrlBytes);
  if (!in_file || highest_number(*in_file) < highest_number(pem)) {
    if (auto written = write_file(paths_.crl, pem, kPublicMode); !written) return written;
  }
  return transaction->commit();
}

Result<void> IssuingAuthority::adopt_lists(std::string_view pem, const std::string& name, const Act& act) {
  const auto lists = read_crls(pem, set_.roots, name);
  if (!lists) return lists.error();
  for (const auto& list : *lists) {
    for (const auto& [serial, at, reason] : list.revoked) {
      const auto known =
          inventory_.certificates({.issuer_key_id = list.issuer_key_id, .serial_prefix = to_hex(serial)});
      if (!known) return known.error();
      if (!known->empty() && known->front().revoked) continue;
      const Event event = known->empty() ? revocation_adopted(list.issuer_key_id, serial)
                                         : certificate_revoked(list.issuer_key_id, serial, reason);
      if (auto done = inventory_.append(event, act.who, act.at); !done) return done;
    }
  }
  return {};
}

std::uint64_t IssuingAuthority::highest_number(std::string_view pem) const {
  std::uint64_t out = 0;
  if (const auto lists = read_crls(pem, set_.roots, paths_.crl.string())) {
    for (const auto& list : *lists) out = std::max(out, list.number);
  }
  return out;
}

Result<SignedCrl> IssuingAuthority::sign_crl_anew(std::uint64_t last, const Act& act) {
  if (last >= kLastNumber) return Error(Errc::failed, "the numbers of revocation lists are used up");
  const std::uint64_t number =
      std::max(last + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix(act.at), 1)));
  auto pem = sign_lists(number, act.at);
  if (!pem) return pem.error();
  const WallTime next_update = act.at + kCrlLifetime;
  if (auto done = inventory_.append(crl_signed(number, next_update, *pem), act.who, act.at); !done) {
    return done.error();
  }
  if (auto done = inventory_.keep_crl_text(number, *pem); !done) return done.error();
  return SignedCrl{number, next_update, std::move(*pem)};
}

Result<std::string> IssuingAuthority::sign_lists(std::uint64_t number, WallTime now) {
  std::string out;
  for (const auto& authority : set_.authorities) {
    const auto revoked = inventory_.certificates({.issuer_key_id = authority.certificate().facts().subject_key_id,
                                                  .expires_after = now - kKeptAfterEnd,
                                                  .revoked = true});
    if (!revoked) return revoked.error();
    std::vector<RevokedEntry> entries;
    for (const auto& record : *revoked) entries.push_back({record.serial, record.revoked->at, record.revoked->reason});
    const auto adopted = inventory_.adopted_revocations(authority.certificate().facts().subject_key_id);
    if (!adopted) return adopted.error();
    for (const auto& [serial, at] : *adopted) entries.push_back({serial, at, RevocationReason::unspecified});
    const auto list = sign_crl(authority, entries, number, now);
    if (!list) return list.error();
    out += *list;
  }
  return out;
}

}  // namespace p2p::pki
