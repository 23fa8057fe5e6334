// Certificate revocation lists: version 2 of RFC 5280 section 5, with number and authority key identifier. A file may
// hold several, one a CA key, while one CA replaces another.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "pki/authority.hpp"
#include "pki/revocation.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

/// From thisUpdate to nextUpdate. Signed anew after half of it, so that a list in use is never stale.
inline constexpr std::chrono::hours kCrlLifetime{7 * 24};
inline constexpr std::chrono::hours kCrlRenewal = kCrlLifetime / 2;

/// A file of lists is never larger, a list never longer; readers refuse more. A list travels whole, as one bulletin of
/// membership (at most 1 MiB), and an entry takes up to 64 bytes of PEM: what cannot reach the fleet is not signed.
inline constexpr std::size_t kMaxCrlBytes = 2 * 1024 * 1024;
inline constexpr std::size_t kMaxRevoked = 16'000;

struct RevokedEntry {
  Bytes serial;  ///< big-endian magnitude
  WallTime at{};
  RevocationReason reason = RevocationReason::unspecified;
};

/// A list signed by `authority`, in PEM, valid from `now` less kBackdate for kCrlLifetime. `too_large` past
/// kMaxRevoked.
Result<std::string> sign_crl(const Authority& authority, const std::vector<RevokedEntry>& revoked, std::uint64_t number,
                             WallTime now);

/// Reads the lists of a PEM text and checks each one's signature against the root whose key it names. Lists of keys
/// that are not among `roots` are left out, as a rotation brings such ones; `not_found` when there are no others.
/// `damaged` when one does not parse, lacks number or dates, or is not signed by its root; `unsupported` for a critical
/// extension that is not known (a delta or partial list among them); `too_large` past the limits. Whether a list is
/// stale is the caller's affair. `name` begins the error's text.
Result<std::vector<RevocationList>> read_crls(std::string_view pem, const Roots& roots, const std::string& name);

}  // namespace p2p::pki
