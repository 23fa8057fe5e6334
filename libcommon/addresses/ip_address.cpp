#include "addresses/ip_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "pki/subject_name.hpp"

namespace p2p::addresses {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 §2.5.5.2
constexpr std::size_t kMaxZone = 15;                                                       // IFNAMSIZ without its zero

bool is_zone(std::string_view text) {
  const auto fits = [](unsigned char c) { return c > ' ' && c < 0x7f && c != '/' && c != '%'; };
  return !text.empty() && text.size() <= kMaxZone && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

std::optional<IpAddress> IpAddress::from_bytes(ByteView bytes, std::string_view zone) {
  if (bytes.size() == 16 && std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) bytes = bytes.last(4);
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  IpAddress out;
  out.is_v6_ = bytes.size() == 16;
  std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
  return out.with_zone(zone);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::string_view zone;
  if (const auto percent = text.find('%'); percent != std::string_view::npos) {
    zone = text.substr(percent + 1);
    text = text.substr(0, percent);
    if (!is_zone(zone)) return std::nullopt;
  }
  const auto bytes = pki::ip_to_bytes(text);
  if (!bytes) return std::nullopt;
  auto out = from_bytes(*bytes, zone);
  if (!zone.empty() && out->zone_.empty()) return std::nullopt;
  return out;
}

IpAddress IpAddress::with_zone(std::string_view zone) const {
  IpAddress out = *this;
  out.zone_ = is_v6_ && is_link_local() ? std::string(zone) : std::string();
  return out;
}

bool IpAddress::is_unspecified() const noexcept {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const noexcept {
  if (!is_v6_) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const noexcept {
  return is_v6_ ? bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80 : bytes_[0] == 169 && bytes_[1] == 254;
}

bool IpAddress::is_private() const noexcept {
  if (is_v6_) return (bytes_[0] & 0xfe) == 0xfc;
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) || (bytes_[0] == 192 && bytes_[1] == 168) ||
         (bytes_[0] == 100 && (bytes_[1] & 0xc0) == 64);
}

bool IpAddress::is_multicast() const noexcept { return is_v6_ ? bytes_[0] == 0xff : (bytes_[0] & 0xf0) == 0xe0; }

std::string IpAddress::to_text() const {
  const std::string text = *pki::ip_to_text(bytes());
  return zone_.empty() ? text : text + '%' + zone_;
}

int common_prefix_length(const IpAddress& a, const IpAddress& b) {
  if (a.is_v6() != b.is_v6()) return 0;
  const ByteView left = a.bytes(), right = b.bytes();
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto differing = static_cast<std::uint8_t>(left[i] ^ right[i]);
    if (differing != 0) return static_cast<int>(i) * 8 + std::countl_zero(differing);
  }
  return a.bit_count();
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (length < 0 || length > address->bit_count()) return std::nullopt;
  return IpPrefix{address->without_zone(), length};
}

bool IpPrefix::contains(const IpAddress& other) const {
  return address.is_v6() == other.is_v6() && common_prefix_length(address, other) >= length;
}

IpPrefix IpPrefix::network() const {
  Bytes bytes(address.bytes().begin(), address.bytes().end());
  for (int bit = length; bit < address.bit_count(); ++bit) {
    bytes[static_cast<std::size_t>(bit) / 8] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  }
  return {*IpAddress::from_bytes(bytes), length};
}

std::string IpPrefix::to_text() const { return fmt::format("{}/{}", network().address.to_text(), length); }

}  // namespace p2p::addresses
