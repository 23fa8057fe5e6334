// Characters of UTF-8, one at a time. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace p2p {

/// How many bytes the well-formed sequence (RFC 3629: no surrogates, no overlong forms) at the start of `text` has, 0
/// when there is none.
constexpr std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool beyond = lead == 0xF4 && at(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// How many bytes the character at the start of `text` (UTF-8, not empty) has if it drives a terminal or makes a line
/// read as another: the controls C0, DEL and C1; U+2028 and U+2029, which end a line for some programs; U+061C, U+200E,
/// U+200F, U+202A to U+202E and U+2066 to U+2069, which turn what stands beside them around (Unicode UAX #9). Else 0.
constexpr std::size_t unsafe_character(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0) return 2;
  if (at(0) == 0xD8 && at(1) == 0x9C) return 2;
  if (at(0) != 0xE2) return 0;
  const bool turns_or_ends = (at(1) == 0x80 && (at(2) == 0x8E || at(2) == 0x8F || (at(2) >= 0xA8 && at(2) <= 0xAE))) ||
                             (at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9);
  return turns_or_ends ? 3 : 0;
}

}  // namespace p2p
