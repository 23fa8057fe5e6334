// IP addresses and networks as values, whatever the family. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace p2p::addresses {

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address, so that a peer that
/// is seen over a dual-stack socket is not taken for a second one.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;
  /// 4 or 16 bytes in network order; none for another count. `zone` counts for link-local IPv6 addresses only.
  static std::optional<IpAddress> from_bytes(ByteView bytes, std::string_view zone = {});
  /// The text forms of inet_pton(3), IPv6 without brackets, link-local ones with or without a zone (`fe80::1%eth0`,
  /// RFC 4007 §11).
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v6() const noexcept { return is_v6_; }
  /// 32 or 128.
  int bit_count() const noexcept { return is_v6_ ? 128 : 32; }
  /// 4 or 16 bytes in network order.
  ByteView bytes() const noexcept { return ByteView(bytes_).first(is_v6_ ? 16 : 4); }
  /// An interface's name or index; empty where there is none.
  const std::string& zone() const noexcept { return zone_; }
  IpAddress with_zone(std::string_view zone) const;
  IpAddress without_zone() const { return with_zone({}); }

  bool is_unspecified() const noexcept;
  /// 127.0.0.0/8, ::1
  bool is_loopback() const noexcept;
  /// 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291)
  bool is_link_local() const noexcept;
  /// Used inside a site or at a provider, not on the Internet: 10/8, 172.16/12, 192.168/16 (RFC 1918), 100.64/10 (RFC
  /// 6598), fc00::/7 (RFC 4193).
  bool is_private() const noexcept;
  bool is_multicast() const noexcept;

  /// The form of RFC 5952, with the zone where there is one.
  std::string to_text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool is_v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
  std::string zone_{};
};

/// How many leading bits two addresses share; 0 for two families. Zones do not count.
int common_prefix_length(const IpAddress& a, const IpAddress& b);

/// A network: an address of which the first `length` bits count.
struct IpPrefix {
  IpAddress address{};
  int length = 0;  ///< 0 to address.bit_count()

  /// `10.0.0.0/8`; bits behind the prefix are allowed and do not count. None for anything else, also without `/`.
  static std::optional<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& other) const;
  /// All further bits zero, without a zone.
  IpPrefix network() const;
  /// `192.168.1.0/24`: the network.
  std::string to_text() const;

  bool operator==(const IpPrefix&) const = default;
};

}  // namespace p2p::addresses
