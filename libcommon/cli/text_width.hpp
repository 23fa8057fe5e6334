// How many columns of a terminal a text takes: Unicode's combining characters take none, East Asian wide characters and
// emoji two (Unicode 15, UAX #11). Independent of the locale. Pure.
#pragma once

#include <string>
#include <string_view>

namespace p2p::cli {

/// The text must be well-formed UTF-8 without control characters (escape_controls makes it so).
std::size_t text_width(std::string_view text);

/// The text itself where it fits, else as much of it as fits with `…` at the end.
std::string cut_to_width(std::string_view text, std::size_t width);

}  // namespace p2p::cli
