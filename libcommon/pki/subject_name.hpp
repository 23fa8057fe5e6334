// Names under which outside clients (curl, browsers) may reach a node: DNS names and IP addresses in the subject
// alternative names of its certificate.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace p2p::pki {

struct SubjectName {
  enum class Kind : unsigned char { dns, ip };
  Kind kind = Kind::dns;
  std::string text;  ///< a DNS name as given, or an IP address in its canonical form (RFC 5952)

  bool operator==(const SubjectName&) const = default;
};

/// What a person gives as `--san`: a DNS name (RFC 1123 and `_`), a wildcard such as `*.local` (the whole first label,
/// RFC 6125 section 6.4.3), an IPv4 or an IPv6 address without brackets, zone or port. `invalid` for anything else.
Result<SubjectName> parse_subject_name(std::string_view text);

/// A node_id as a name: an IP address when it is written as one, else a DNS name, whatever its characters.
SubjectName subject_name_of_node(std::string_view node_id);

/// 4 or 16 bytes in network order; `invalid` when it is not an address.
Result<Bytes> ip_to_bytes(std::string_view text);
/// The inverse; `invalid` for another count of bytes.
Result<std::string> ip_to_text(ByteView bytes);

}  // namespace p2p::pki
