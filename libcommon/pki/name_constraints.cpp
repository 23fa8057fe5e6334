#include "pki/name_constraints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace p2p::pki {
namespace {

bool is_within(std::string_view name, std::string_view subtree) {
  const std::string lower = lower_ascii(name);
  const std::string root = lower_ascii(subtree);
  return lower == root || lower.ends_with("." + root);
}

/// Whether all bits from `from` on are zero.
bool is_zero_from(ByteView bytes, int from) {
  for (int bit = from; bit < static_cast<int>(bytes.size()) * 8; ++bit) {
    if ((bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

bool AddressRange::contains(ByteView other) const {
  if (other.size() != address.size()) return false;
  Bytes difference(address);
  for (std::size_t i = 0; i < difference.size(); ++i) {
    difference[i] = static_cast<std::uint8_t>(difference[i] ^ other[i]);
  }
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  if (std::any_of(difference.begin(), difference.begin() + static_cast<std::ptrdiff_t>(whole),
                  [](std::uint8_t byte) { return byte != 0; })) {
    return false;
  }
  return prefix_bits % 8 == 0 || difference[whole] >> (8 - prefix_bits % 8) == 0;
}

std::string AddressRange::text() const {
  const auto address_text = ip_to_text(address);
  return fmt::format("{}/{}", address_text ? *address_text : "?", prefix_bits);
}

Result<AddressRange> parse_address_range(std::string_view text) {
  const auto wrong = [&] {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a range of addresses such as 10.0.0.0/8",
                                            escape_controls(text.substr(0, 64))));
  };
  const std::size_t slash = text.find('/');
  auto address = ip_to_bytes(text.substr(0, slash));
  if (!address) return wrong();
  const int most = static_cast<int>(address->size()) * 8;
  int bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (failed != std::errc() || end != number.data() + number.size() || bits < 0 || bits > most) return wrong();
  }
  if (!is_zero_from(*address, bits)) {
    return Error(Errc::invalid, fmt::format("\"{}\" has bits beyond its prefix", text));
  }
  return AddressRange{std::move(*address), bits};
}

Result<std::string> parse_subtree(std::string_view text) {
  const std::string_view name = text.starts_with('.') ? text.substr(1) : text;
  const auto parsed = parse_subject_name(name);
  if (!parsed || parsed->kind != SubjectName::Kind::dns || name.starts_with("*.")) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a DNS name below which to permit names",
                                            escape_controls(text.substr(0, 256))));
  }
  return lower_ascii(name);
}

bool NameConstraints::permits(const SubjectName& name) const {
  if (name.kind == SubjectName::Kind::dns) {
    return dns_subtrees.empty() || std::any_of(dns_subtrees.begin(), dns_subtrees.end(),
                                               [&](const auto& subtree) { return is_within(name.text, subtree); });
  }
  const auto address = ip_to_bytes(name.text);
  return address &&
         (address_ranges.empty() || std::any_of(address_ranges.begin(), address_ranges.end(),
                                                [&](const auto& range) { return range.contains(*address); }));
}

std::string NameConstraints::text() const {
  std::string out;
  if (!dns_subtrees.empty()) out = "DNS names under " + join(dns_subtrees, ", ");
  if (address_ranges.empty()) return out;
  std::vector<std::string> ranges;
  for (const auto& range : address_ranges) ranges.push_back(range.text());
  return out + (out.empty() ? "" : "; ") + "addresses in " + join(ranges, ", ");
}

NameConstraints with_loopback(NameConstraints constraints) {
  const auto add = [](auto& list, auto item) {
    if (!list.empty() && std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
  };
  add(constraints.dns_subtrees, std::string("localhost"));
  add(constraints.address_ranges, AddressRange{{127, 0, 0, 0}, 8});
  Bytes loopback6(16);
  loopback6.back() = 1;
  add(constraints.address_ranges, AddressRange{loopback6, 128});
  return constraints;
}

}  // namespace p2p::pki
