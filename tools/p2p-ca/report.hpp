// What the subcommands say about certificates, and how they find them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/output.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/inventory.hpp"

namespace p2p::ca {

/// Members keep the order in which they are documented.
using Document = nlohmann::ordered_json;

/// The folder certs/ of this home.
pki::CertificateFolder certificates_of(const std::filesystem::path& home);

/// A certificate that was asked for.
struct Subject {
  std::string target;  ///< as asked for
  std::filesystem::path file;
  bool by_name = false;  ///< from the certificate folder, so that its key is expected beside it
};

/// A name with a certificate in the folder, else a file; `not_found` otherwise.
Result<Subject> find_subject(const pki::CertificateFolder& certs, const std::string& target);

/// The documented form: name, role (worker, coordinator, operator, ca, or null), cluster, serial, not_before,
/// not_after, days_left, seconds_left, dns_names, ip_addresses, key_type, issuer, sha256, file.
Document describe(const pki::Certificate& certificate, const std::filesystem::path& file, WallTime now);

/// What the inventory has: the same, with role `web` for one without a place in the fleet, the name that it is revoked
/// by, and issued_at, issued_by, revoked_at and reason (both null unless it is revoked). `file` may be empty: null.
Result<Document> describe(const pki::RecordedCertificate& record, const std::filesystem::path& file, WallTime now);

/// What is known of an invitation, without its secret: name, role (`web` for another program), names, kid, created_at,
/// expires_at, seconds_left, uses, uses_left.
Document describe(const pki::RecordedInvitation& invitation, WallTime now);

/// Prints entries of describe() as a table: name, role, beginning of the serial, end, time left.
void list_certificates(cli::Output& out, const Document& entries);
/// Likewise those of the inventory, with what became of them, and a mark at those that are in the folder, if any are.
void list_recorded(cli::Output& out, const Document& entries);
void list_invitations(cli::Output& out, const Document& entries);
/// Of entries of describe(): `364 days`, `5h07m`, `expired`, `revoked`.
cli::Column time_left_column();

/// `1 day`, `3 days`.
std::string counted(std::int64_t count, std::string_view noun);

/// JSON text; what is not UTF-8 is replaced.
std::string to_text(const Document& document);

/// What init, sign and others made: entries of describe() with `key_file`, and `bundle` where one was written. A table
/// is the files, one a line.
void print_made(cli::Output& out, const Document& entries);

/// `worker`, `coordinator`, `operator`, `ca`; none for a certificate without a place in a fleet.
std::optional<std::string> role_of(const pki::Certificate& certificate);

/// Whether less than a third of its time is left: it should be renewed.
bool is_due(const pki::Certificate& certificate, WallTime now);

/// `364 days left`, `5h07m left`, `expired 3 days ago`, …
std::string remaining(const pki::Certificate& certificate, WallTime now);

/// The values of --key-type, the default first.
std::vector<std::string> key_type_names();

}  // namespace p2p::ca
