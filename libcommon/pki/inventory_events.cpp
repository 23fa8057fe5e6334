#include "pki/inventory_events.hpp"

#include <fmt/format.h>

namespace p2p::pki {
namespace {

constexpr char kWeb[] = "web";

// Identifiers are lower-case hexadecimal text, times Unix seconds, `seq` the event that a row comes from.
constexpr DerivedTable kTables[] = {
    {"roots", "key_id", "(key_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL)"},
    {"certificates", "serial",
     "(issuer TEXT NOT NULL, serial TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,"
     " not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, sha256 TEXT NOT NULL,"
     " revoked_at INTEGER, reason INTEGER, PRIMARY KEY(issuer, serial))"},
    {"certificate_names", "serial || ' ' || name",
     "(name TEXT NOT NULL, issuer TEXT NOT NULL, serial TEXT NOT NULL, PRIMARY KEY(name, issuer, serial))"},
    {"adopted_revocations", "serial",
     "(issuer TEXT NOT NULL, serial TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(issuer, serial))"},
    {"crls", "number",
     "(number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, signed_at INTEGER NOT NULL, next_update INTEGER NOT NULL,"
     " sha256 TEXT NOT NULL)"},
    {"invitations", "kid",
     "(kid TEXT PRIMARY KEY, seq INTEGER NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, names TEXT NOT NULL,"
     " created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL,"
     " revoked_at INTEGER)"},
    {"invitation_uses", "kid || ' ' || thumbprint",
     "(kid TEXT NOT NULL, thumbprint TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(kid, thumbprint))"},
};

constexpr char kIssue[] =
    "INSERT INTO certificates SELECT ?3 ->> 'issuer', ?3 ->> 'serial', ?1, ?3 ->> 'name', ?3 ->> 'role',"
    " ?3 ->> 'not_before', ?3 ->> 'not_after', ?3 ->> 'sha256', NULL, NULL";
constexpr char kIssueNames[] =
    "INSERT OR IGNORE INTO certificate_names"
    " SELECT lower(value), ?3 ->> 'issuer', ?3 ->> 'serial' FROM json_each(?3, '$.names')";

struct Effect {
  std::string_view kind;
  const char* sql;  ///< ?1 seq, ?2 at, ?3 body
};
/// Several of one kind are done in this order.
constexpr Effect kEffects[] = {
    {"issued", kIssue},
    {"issued", kIssueNames},
    {"imported", kIssue},
    {"imported", kIssueNames},
    {"revoked",
     "UPDATE certificates SET revoked_at = ?2, reason = ?3 ->> 'reason'"
     " WHERE issuer = ?3 ->> 'issuer' AND serial = ?3 ->> 'serial'"},
    {"revocation_adopted", "INSERT OR IGNORE INTO adopted_revocations SELECT ?3 ->> 'issuer', ?3 ->> 'serial', ?2"},
    {"crl", "INSERT INTO crls SELECT ?3 ->> 'number', ?1, ?2, ?3 ->> 'next_update', ?3 ->> 'sha256'"},
    {"invited",
     "INSERT INTO invitations SELECT ?3 ->> 'kid', ?1, ?3 ->> 'name', ?3 ->> 'role', ?3 -> 'names', ?2,"
     " ?3 ->> 'expires_at', ?3 ->> 'uses', 0, NULL"},
    {"redeemed", "INSERT INTO invitation_uses SELECT ?3 ->> 'kid', ?3 ->> 'thumbprint', ?1"},
    {"redeemed", "UPDATE invitations SET used = used + 1 WHERE kid = ?3 ->> 'kid'"},
    {"invitation_revoked", "UPDATE invitations SET revoked_at = ?2 WHERE kid = ?3 ->> 'kid'"},
    {"root_added", "INSERT OR REPLACE INTO roots SELECT ?3 ->> 'key_id', ?1, ?3 ->> 'sha256', 'trusted'"},
    {"root_activated", "UPDATE roots SET state = 'trusted' WHERE state = 'active'"},
    {"root_activated", "UPDATE roots SET state = 'active' WHERE key_id = ?3 ->> 'key_id'"},
    {"root_retired", "UPDATE roots SET state = 'retired' WHERE key_id = ?3 ->> 'key_id'"},
};

std::string first_version() {
  std::string out =
      "CREATE TABLE journal(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL,"
      " body TEXT NOT NULL, attachment BLOB NOT NULL, hash BLOB NOT NULL);"
      "CREATE INDEX journal_kind ON journal(kind, seq);"
      "CREATE TABLE crl_text(number INTEGER PRIMARY KEY, pem TEXT NOT NULL);";
  for (const auto& table : kTables) out += fmt::format("CREATE TABLE {}{};", table.name, table.create);
  out +=
      "CREATE INDEX certificates_name ON certificates(name, not_after);"
      "CREATE INDEX certificates_revoked ON certificates(issuer, not_after) WHERE revoked_at IS NOT NULL;"
      "CREATE INDEX invitations_name ON invitations(name);";
  return out;
}

Event certificate_event(const char* kind, const Certificate& certificate, std::string_view name,
                        std::optional<Role> role) {
  const auto& facts = certificate.facts();
  std::vector<std::string> names(facts.dns_names);
  names.insert(names.end(), facts.ip_addresses.begin(), facts.ip_addresses.end());
  return {kind,
          {{"issuer", to_hex(facts.issuer_key_id)},
           {"serial", to_hex(facts.serial)},
           {"name", name},
           {"role", role_text(role)},
           {"names", names},
           {"not_before", to_unix(facts.not_before)},
           {"not_after", to_unix(facts.not_after)},
           {"sha256", to_hex(facts.sha256)}},
          certificate.der()};
}

}  // namespace

Event certificate_issued(const Certificate& certificate, std::string_view name, std::optional<Role> role) {
  return certificate_event("issued", certificate, name, role);
}

Event certificate_imported(const Certificate& certificate) {
  const auto identity = certificate.identity();
  return identity ? certificate_event("imported", certificate, identity->name, identity->role)
                  : certificate_event("imported", certificate, certificate.facts().common_name, std::nullopt);
}

Event certificate_revoked(ByteView issuer_key_id, ByteView serial, RevocationReason reason) {
  return {"revoked",
          {{"issuer", to_hex(issuer_key_id)}, {"serial", to_hex(serial)}, {"reason", static_cast<int>(reason)}}};
}

Event revocation_adopted(ByteView issuer_key_id, ByteView serial) {
  return {"revocation_adopted", {{"issuer", to_hex(issuer_key_id)}, {"serial", to_hex(serial)}}};
}

Event crl_signed(std::uint64_t number, WallTime next_update, std::string_view pem) {
  return {
      "crl",
      {{"number", number}, {"next_update", to_unix(next_update)}, {"sha256", to_hex(crypto::sha256(as_bytes(pem)))}}};
}

Event invitation_made(const RecordedInvitation& invitation) {
  std::vector<std::string> names;
  for (const auto& name : invitation.names) names.push_back(name.text);
  return {"invited",
          {{"kid", invitation.kid},
           {"name", invitation.name},
           {"role", role_text(invitation.role)},
           {"names", names},
           {"expires_at", to_unix(invitation.expires_at)},
           {"uses", invitation.uses}}};
}

Event invitation_redeemed(std::string_view kid, std::string_view thumbprint) {
  return {"redeemed", {{"kid", kid}, {"thumbprint", thumbprint}}};
}

Event invitation_revoked(std::string_view kid) { return {"invitation_revoked", {{"kid", kid}}}; }

Event root_added(const Certificate& root) {
  return {"root_added",
          {{"key_id", to_hex(root.facts().subject_key_id)}, {"sha256", to_hex(root.facts().sha256)}},
          root.der()};
}

Event root_activated(ByteView key_id) { return {"root_activated", {{"key_id", to_hex(key_id)}}}; }
Event root_retired(ByteView key_id) { return {"root_retired", {{"key_id", to_hex(key_id)}}}; }

std::int64_t to_unix(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
WallTime from_unix(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

std::string role_text(std::optional<Role> role) { return std::string(role ? to_string(*role) : kWeb); }

std::span<const DerivedTable> derived_tables() { return kTables; }

std::span<const char* const> inventory_schema() {
  static const std::string first = first_version();
  static const char* const steps[] = {first.c_str()};
  return steps;
}

Result<void> apply_event(Database& database, std::string_view kind, std::int64_t seq, std::int64_t at,
                         std::string_view body) {
  bool is_known = false;
  for (const auto& effect : kEffects) {
    if (effect.kind != kind) continue;
    is_known = true;
    auto statement = database.prepare(effect.sql);
    if (!statement) return statement.error();
    statement->bind(1, seq);
    statement->bind(2, at);
    statement->bind(3, body);
    if (auto done = statement->run(); !done) return done;
  }
  if (!is_known) return Error(Errc::damaged, "an event of an unknown kind");
  return {};
}

}  // namespace p2p::pki
