// The string with which a new machine joins: where the coordinator is, how to know its CA, and the credentials of an
// account (RFC 8555 section 7.3.4). It is a secret until it is used. Pure.
//
//   p2p-invite-1.<base64url of JSON>
//   {"c": ["host:port", …], "f": "<SHA-256 of the CA's certificate, hex>", "k": "<kid>", "h": "<HMAC key, base64url>",
//    "n": "<name>", "r": "<role>", "x": <expiry, Unix seconds>, "u": "<cluster name>"}
//
// "r" is absent for other programs. Members that are not known are passed over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "pki/identity.hpp"

namespace p2p::pki {

inline constexpr std::size_t kMaxInvitationBytes = 8 * 1024;
inline constexpr std::size_t kMaxInvitationCoordinators = 16;
inline constexpr std::size_t kEabKeyBytes = 32;

struct Invitation {
  std::vector<std::string> coordinators;  ///< `host:port`
  Bytes ca_fingerprint;                   ///< SHA-256 of the CA certificate's DER
  std::string kid;
  Bytes hmac_key;  ///< kEabKeyBytes; a secret
  std::string name;
  std::optional<Role> role;
  WallTime expires_at{};  ///< whole seconds
  std::string cluster_name;
  bool operator==(const Invitation&) const = default;
};

std::string write_invitation(const Invitation& invitation);

/// White space around it is dropped. `invalid` when it is no invitation or a member is missing or wrong; `unsupported`
/// for another version; `too_large` past kMaxInvitationBytes. Errors never quote it. Whether it has expired is the
/// caller's affair.
Result<Invitation> parse_invitation(std::string_view text);

}  // namespace p2p::pki
