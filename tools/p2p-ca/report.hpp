// What list, show and verify say about a certificate.
#pragma once

#include <optional>
#include <string>

#include "commands.hpp"

namespace p2p::ca {

/// A certificate that was asked for.
struct Subject {
  std::string target;  ///< as asked for
  std::filesystem::path file;
  bool by_name = false;  ///< from the certificate folder, so that its key is expected beside it
};

/// A name with a certificate in the folder, else a file; `not_found` otherwise.
Result<Subject> find_subject(const Tool& tool, const std::string& target);

/// The documented form: name, role (worker, coordinator, operator, ca, or null), cluster, serial, not_before,
/// not_after, days_left, dns_names, ip_addresses, key_type, issuer, sha256, file.
Document describe(const pki::Certificate& certificate, const std::filesystem::path& file, WallTime now);

/// Whole days until the certificate ends, rounded down; negative once it has ended.
std::int64_t days_left(const pki::Certificate& certificate, WallTime now);

/// `worker`, `coordinator`, `operator`, `ca`; none for a certificate without a place in a fleet.
std::optional<std::string> role_of(const pki::Certificate& certificate);

/// `364 days left`, `expired 3 days ago`, …
std::string remaining(const pki::Certificate& certificate, WallTime now);

}  // namespace p2p::ca
