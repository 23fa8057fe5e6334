// The questions that are asked of an inventory.
#include <fmt/format.h>

#include "base/text.hpp"
#include "crypto/key.hpp"
#include "pki/inventory.hpp"
#include "pki/inventory_events.hpp"

namespace p2p::pki {
namespace {

/// Steps through all rows; `read` takes one.
template <class Read>
Result<void> each_row(Statement& query, const Read& read) {
  for (;;) {
    const auto more = query.step();
    if (!more) return more.error();
    if (!*more) return {};
    if (Result<void> done = read(query); !done) return done;
  }
}

Bytes bytes_from_hex(std::string_view text) {
  auto bytes = from_hex(text);
  return bytes ? std::move(*bytes) : Bytes{};
}

RecordedCertificate read_certificate(const Statement& row) {
  RecordedCertificate out;
  out.name = row.text(0);
  out.role = parse_role(row.text(1));
  out.issuer_key_id = bytes_from_hex(row.text(2));
  out.serial = bytes_from_hex(row.text(3));
  out.not_before = from_unix(row.integer(4));
  out.not_after = from_unix(row.integer(5));
  out.issued_at = from_unix(row.integer(6));
  out.issued_by = row.text(7);
  if (!row.is_null(8)) {
    const auto reason = revocation_reason_of(static_cast<int>(row.integer(9)));
    out.revoked = {from_unix(row.integer(8)), reason.value_or(RevocationReason::unspecified)};
  }
  const ByteView der = row.blob(10);
  out.der.assign(der.begin(), der.end());
  return out;
}

constexpr char kSelectCertificates[] =
    "SELECT c.name, c.role, c.issuer, c.serial, c.not_before, c.not_after, j.at, j.who, c.revoked_at, c.reason,"
    " j.attachment FROM certificates c JOIN journal j ON j.seq = c.seq";

/// The conditions of a filter; an unset one is not among them, so that SQLite chooses the index by what is there.
std::string where_of(const CertificateFilter& filter) {
  std::vector<std::string> all;
  if (filter.name) all.emplace_back("c.name = ?1");
  if (filter.issuer_key_id) all.emplace_back("c.issuer = ?2");
  if (filter.serial_prefix) all.emplace_back("substr(c.serial, 1, length(?3)) = ?3");
  if (filter.expires_after) all.emplace_back("c.not_after > ?4");
  if (filter.expires_by) all.emplace_back("c.not_after <= ?5");
  if (filter.revoked) all.emplace_back(*filter.revoked ? "c.revoked_at IS NOT NULL" : "c.revoked_at IS NULL");
  return all.empty() ? "" : " WHERE " + join(all, " AND ");
}

/// A condition on a row of `invitations`; `at` is the number of a parameter.
#define P2P_INVITATION_IS_OPEN(at) "revoked_at IS NULL AND (expires_at > " at " OR used > 0)"

Result<bool> has_row(Result<Statement>& query) { return query->step(); }

}  // namespace

Result<std::vector<RecordedCertificate>> Inventory::certificates(const CertificateFilter& filter) {
  auto query = database_.prepare(kSelectCertificates + where_of(filter) + " ORDER BY c.name, c.not_after, c.seq");
  if (!query) return query.error();
  const std::string issuer = to_hex(filter.issuer_key_id.value_or(Bytes{}));
  const std::string name = filter.name.value_or("");
  const std::string serial = filter.serial_prefix.value_or("");
  query->bind(1, std::string_view(name));
  query->bind(2, std::string_view(issuer));
  query->bind(3, std::string_view(serial));
  query->bind(4, to_unix(filter.expires_after.value_or(WallTime{})));
  query->bind(5, to_unix(filter.expires_by.value_or(WallTime{})));
  std::vector<RecordedCertificate> out;
  const auto read = each_row(*query, [&](const Statement& row) -> Result<void> {
    out.push_back(read_certificate(row));
    return {};
  });
  if (!read) return read.error();
  return out;
}

Result<std::map<Bytes, WallTime>> Inventory::adopted_revocations(ByteView issuer_key_id) {
  auto query = database_.prepare("SELECT serial, at FROM adopted_revocations WHERE issuer = ?1");
  if (!query) return query.error();
  const std::string issuer = to_hex(issuer_key_id);
  query->bind(1, std::string_view(issuer));
  std::map<Bytes, WallTime> out;
  const auto read = each_row(*query, [&](const Statement& row) -> Result<void> {
    out.emplace(bytes_from_hex(row.text(0)), from_unix(row.integer(1)));
    return {};
  });
  if (!read) return read.error();
  return out;
}

Result<bool> Inventory::has_certificate(const Certificate& certificate) {
  auto query = database_.prepare("SELECT 1 FROM certificates WHERE issuer = ?1 AND serial = ?2 AND sha256 = ?3");
  if (!query) return query.error();
  const auto& facts = certificate.facts();
  const std::string issuer = to_hex(facts.issuer_key_id);
  const std::string serial = to_hex(facts.serial);
  const std::string sha256 = to_hex(facts.sha256);
  query->bind(1, std::string_view(issuer));
  query->bind(2, std::string_view(serial));
  query->bind(3, std::string_view(sha256));
  return has_row(query);
}

Result<bool> Inventory::is_compromised(const EVP_PKEY& key) {
  auto query = database_.prepare("SELECT coalesce(max(seq), 0) FROM journal WHERE kind = 'revoked'");
  if (!query) return query.error();
  if (const auto row = query->step(); !row) return row.error();
  if (auto read = read_compromised(query->integer(0)); !read) return read.error();
  return compromised_keys_.contains(crypto::public_key_digest(key));
}

Result<void> Inventory::read_compromised(std::int64_t up_to) {
  if (up_to <= compromised_seq_) return {};
  auto query = database_.prepare(
      "SELECT j.attachment FROM journal r JOIN certificates c ON c.issuer = r.body ->> 'issuer'"
      " AND c.serial = r.body ->> 'serial' JOIN journal j ON j.seq = c.seq"
      " WHERE r.kind = 'revoked' AND r.seq > ?1 AND r.seq <= ?2 AND r.body ->> 'reason' = ?3");
  if (!query) return query.error();
  query->bind(1, compromised_seq_);
  query->bind(2, up_to);
  query->bind(3, static_cast<std::int64_t>(RevocationReason::key_compromise));
  const auto read = each_row(*query, [&](const Statement& row) -> Result<void> {
    const auto certificate = Certificate::from_der(row.blob(0));
    if (!certificate) return certificate.error();
    compromised_keys_.insert(crypto::public_key_digest(certificate->public_key()));
    return {};
  });
  if (read) compromised_seq_ = up_to;
  return read;
}

Result<bool> Inventory::belongs_to_other(std::string_view dns_name, std::string_view name, WallTime at) {
  auto query = database_.prepare(
      "SELECT 1 FROM certificates c LEFT JOIN certificate_names n USING(issuer, serial)"
      " WHERE n.name = ?1 AND c.name <> ?2 AND c.not_after > ?3 AND c.revoked_at IS NULL"
      " UNION ALL SELECT 1 FROM certificates WHERE name = ?1 COLLATE NOCASE AND name <> ?2 AND not_after > ?3"
      " AND revoked_at IS NULL"
      " UNION ALL SELECT 1 FROM invitations WHERE name <> ?2 AND " P2P_INVITATION_IS_OPEN("?3")
      " AND (name = ?1 COLLATE NOCASE OR EXISTS (SELECT 1 FROM json_each(names) WHERE lower(value) = ?1)) LIMIT 1");
  if (!query) return query.error();
  const std::string lower = lower_ascii(dns_name);
  query->bind(1, std::string_view(lower));
  query->bind(2, name);
  query->bind(3, to_unix(at));
  return has_row(query);
}

Result<std::vector<RecordedInvitation>> Inventory::invitations(const std::string& where, std::string_view text,
                                                               std::int64_t number) {
  auto query = database_.prepare(
      "SELECT kid, name, role, names, created_at, expires_at, uses, used, revoked_at FROM invitations WHERE " + where);
  if (!query) return query.error();
  query->bind(1, text);
  query->bind(2, number);
  std::vector<RecordedInvitation> out;
  const auto read = each_row(*query, [&](const Statement& row) -> Result<void> {
    RecordedInvitation one;
    one.kid = row.text(0);
    one.name = row.text(1);
    one.role = parse_role(row.text(2));
    const auto names = parse_json(row.text(3));
    if (!names || !names->is_array()) return Error(Errc::damaged, "the names of invitation " + one.kid);
    for (const auto& entry : *names) {
      auto name = parse_subject_name(entry.is_string() ? entry.get<std::string>() : "");
      if (!name) return Error(Errc::damaged, "the names of invitation " + one.kid);
      one.names.push_back(std::move(*name));
    }
    one.created_at = from_unix(row.integer(4));
    one.expires_at = from_unix(row.integer(5));
    one.uses = static_cast<std::uint64_t>(row.integer(6));
    one.used = static_cast<std::uint64_t>(row.integer(7));
    if (!row.is_null(8)) one.revoked_at = from_unix(row.integer(8));
    out.push_back(std::move(one));
    return {};
  });
  if (!read) return read.error();
  return out;
}

Result<RecordedInvitation> Inventory::invitation(std::string_view kid) {
  auto found = invitations("kid = ?1", kid, 0);
  if (!found) return found.error();
  if (found->empty()) return Error(Errc::not_found, "no such invitation");
  return std::move(found->front());
}

Result<std::vector<RecordedInvitation>> Inventory::open_invitations(std::string_view name, WallTime at) {
  return invitations("name = ?1 AND " P2P_INVITATION_IS_OPEN("?2"), name, to_unix(at));
}

Result<std::vector<RecordedInvitation>> Inventory::redeemable_invitations(WallTime at) {
  return invitations("revoked_at IS NULL AND expires_at > ?2 AND used < uses ORDER BY name, expires_at", {},
                     to_unix(at));
}

Result<bool> Inventory::is_bound(std::string_view kid, std::string_view thumbprint) {
  auto query = database_.prepare("SELECT 1 FROM invitation_uses WHERE kid = ?1 AND thumbprint = ?2");
  if (!query) return query.error();
  query->bind(1, kid);
  query->bind(2, thumbprint);
  return has_row(query);
}

Result<std::vector<RecordedRoot>> Inventory::roots() {
  auto query = database_.prepare(
      "SELECT key_id, seq, state = 'active' FROM roots WHERE state <> 'retired' ORDER BY 3 DESC, seq");
  if (!query) return query.error();
  std::vector<RecordedRoot> out;
  const auto read = each_row(*query, [&](const Statement& row) -> Result<void> {
    out.push_back({bytes_from_hex(row.text(0)), row.integer(1), row.integer(2) != 0});
    return {};
  });
  if (!read) return read.error();
  return out;
}

Result<bool> Inventory::is_retired_root(ByteView key_id) {
  auto query = database_.prepare("SELECT 1 FROM roots WHERE key_id = ?1 AND state = 'retired'");
  if (!query) return query.error();
  const std::string id = to_hex(key_id);  // bound texts are not copied
  query->bind(1, id);
  return query->step();
}

Result<std::int64_t> Inventory::roots_version() {
  auto query = database_.prepare(
      "SELECT coalesce(max(seq), 0) FROM journal WHERE kind IN ('root_added', 'root_activated', 'root_retired')");
  if (!query) return query.error();
  if (const auto row = query->step(); !row) return row.error();
  return query->integer(0);
}

Result<std::optional<RecordedCrl>> Inventory::newest_crl() {
  auto query = database_.prepare(
      "SELECT number, signed_at, next_update, coalesce(pem, ''), seq > (SELECT coalesce(max(seq), 0) FROM journal"
      " WHERE kind IN ('revoked', 'revocation_adopted', 'root_added', 'root_activated', 'root_retired'))"
      " FROM crls LEFT JOIN crl_text USING(number) ORDER BY number DESC LIMIT 1");
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  if (!*row) return std::optional<RecordedCrl>();
  return std::optional(RecordedCrl{static_cast<std::uint64_t>(query->integer(0)), from_unix(query->integer(1)),
                                   from_unix(query->integer(2)), query->integer(4) != 0, std::string(query->text(3))});
}

Result<bool> Inventory::is_empty() {
  auto query = database_.prepare("SELECT 1 FROM journal LIMIT 1");
  if (!query) return query.error();
  const auto row = query->step();
  if (!row) return row.error();
  return !*row;
}

}  // namespace p2p::pki
