// The events of an inventory's journal and what each does to the tables.
#pragma once

#include <array>
#include <span>

#include "pki/inventory.hpp"

namespace p2p::pki {

Event certificate_issued(const Certificate& certificate, std::string_view name, std::optional<Role> role);
/// One that was found, made by a version that kept no inventory.
Event certificate_imported(const Certificate& certificate);
Event certificate_revoked(ByteView issuer_key_id, ByteView serial, RevocationReason reason);
/// Of a certificate that is not recorded here.
Event revocation_adopted(ByteView issuer_key_id, ByteView serial);
Event crl_signed(std::uint64_t number, WallTime next_update, std::string_view pem);
Event invitation_made(const RecordedInvitation& invitation);
Event invitation_redeemed(std::string_view kid, std::string_view thumbprint);
Event invitation_revoked(std::string_view kid);
Event root_added(const Certificate& root);
Event root_activated(ByteView key_id);
Event root_retired(ByteView key_id);

/// In seconds since 1970, as the database has all times.
std::int64_t to_unix(WallTime time);
WallTime from_unix(std::int64_t seconds);

/// A role as the database has it; `web` stands for none.
std::string role_text(std::optional<Role> role);

/// The tables that follow from the journal, with the columns that tell their rows apart.
struct DerivedTable {
  const char* name;
  const char* key;     ///< an SQL expression
  const char* create;  ///< its columns
};
std::span<const DerivedTable> derived_tables();

/// Steps of base/schema.hpp.
std::span<const char* const> inventory_schema();

/// Does what an event of the journal means. Table names have no schema, so that temporary tables of the same names take
/// the place of the real ones.
Result<void> apply_event(Database& database, std::string_view kind, std::int64_t seq, std::int64_t at,
                         std::string_view body);

}  // namespace p2p::pki
