// What a CA may sign: subtrees of DNS names and ranges of addresses, critical in its own certificate (RFC 5280 section
// 4.2.1.10), so that others refuse what lies outside even if the CA's key is stolen.
#pragma once

#include <string>
#include <vector>

#include "pki/subject_name.hpp"

namespace p2p::pki {

struct AddressRange {
  Bytes address;  ///< 4 or 16 bytes
  int prefix_bits = 0;

  bool contains(ByteView other) const;
  std::string text() const;  ///< `10.0.0.0/8`
  bool operator==(const AddressRange&) const = default;
};

/// `10.0.0.0/8`, `2001:db8::/32`, or one address; `invalid` for anything else, and for bits beyond the prefix.
Result<AddressRange> parse_address_range(std::string_view text);

/// A DNS name below which everything is permitted, itself included; a leading dot is dropped. `invalid` for a wildcard
/// or what is no DNS name.
Result<std::string> parse_subtree(std::string_view text);

/// A kind of name with an empty list is not constrained.
struct NameConstraints {
  std::vector<std::string> dns_subtrees{};
  std::vector<AddressRange> address_ranges{};

  bool empty() const noexcept { return dns_subtrees.empty() && address_ranges.empty(); }
  bool permits(const SubjectName& name) const;
  /// For people: `DNS names under a.example; addresses in 10.0.0.0/8`.
  std::string text() const;
  bool operator==(const NameConstraints&) const = default;
};

/// The same with localhost, 127.0.0.0/8 and ::1, which every node's certificate has.
NameConstraints with_loopback(NameConstraints constraints);

}  // namespace p2p::pki
