// Addresses of the web, read strictly: http and https alone, no user, one way to read each (RFC 3986). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::net {

inline constexpr std::size_t kMaxUrlBytes = 2048;

struct Url {
  bool https = true;
  std::string host;  ///< a DNS name in lower case or an IP address in its canonical form; IPv6 without brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query as they were written; begins with '/'

  /// `host`, or `host:port` where that is not the scheme's own; IPv6 in brackets. What goes into a Host field.
  std::string authority() const;
  std::string to_text() const;
  bool operator==(const Url&) const = default;
};

/// `invalid` for another scheme, a user, a fragment, a port 0, a host that is neither a DNS name nor an IP address, a
/// bad escape, a character that RFC 3986 does not allow, a dot segment, and anything past kMaxUrlBytes.
Result<Url> parse_url(std::string_view text);

/// What `reference` (a Location field) means as seen from `base` (RFC 3986 section 5.2.2). A fragment is dropped; dot
/// segments are refused as above.
Result<Url> resolve_reference(const Url& base, std::string_view reference);

}  // namespace p2p::net
