// Characters that do something to whoever shows them. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace p2p {

/// How many bytes the character at the start of `text` (UTF-8, not empty) has if it drives a terminal or makes a line
/// read as another: the controls C0, DEL and C1; U+2028 and U+2029, which end a line for some programs; U+202A to
/// U+202E and U+2066 to U+2069, which turn what follows around (Unicode UAX #9). Else 0.
constexpr std::size_t unsafe_character(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0) return 2;
  if (at(0) != 0xE2) return 0;
  const bool turns_or_ends =
      (at(1) == 0x80 && at(2) >= 0xA8 && at(2) <= 0xAE) || (at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9);
  return turns_or_ends ? 3 : 0;
}

}  // namespace p2p
