// What the tools and the coordinator tell of certificates, as documents with members in a fixed order.
#pragma once

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "pki/certificate.hpp"
#include "pki/inventory.hpp"

namespace p2p::pki {

/// Members keep the order in which they are documented.
using Document = nlohmann::ordered_json;

/// The documented form: name, role (worker, coordinator, operator, ca, or null), cluster, serial, not_before,
/// not_after, days_left, seconds_left, dns_names, ip_addresses, key_type, issuer, sha256, file (null for an empty one).
Document describe(const Certificate& certificate, const std::filesystem::path& file, WallTime now);

/// What the inventory has: the same, with role `web` for one without a place in the fleet, the name that it is revoked
/// by, and issued_at, issued_by, revoked_at and reason (both null unless it is revoked).
Result<Document> describe(const RecordedCertificate& record, const std::filesystem::path& file, WallTime now);

/// What is known of an invitation, without its secret: name, role (`web` for another program), names, kid, created_at,
/// expires_at, seconds_left, uses, uses_left.
Document describe(const RecordedInvitation& invitation, WallTime now);

/// `worker`, `coordinator`, `operator`, `ca`; none for a certificate without a place in a fleet.
std::optional<std::string> role_of(const Certificate& certificate);

/// Negative once it is over.
std::chrono::seconds left_until(WallTime end, WallTime now);
/// Rounded down, also below zero.
std::int64_t whole_days(std::chrono::seconds time);

/// JSON text; what is not UTF-8 is replaced.
std::string to_text(const Document& document);

}  // namespace p2p::pki
