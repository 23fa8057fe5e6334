// Aligned tables of text. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/style.hpp"

namespace p2p::cli {

enum class Align : unsigned char { left, right };

struct Cell {
  std::string text;  ///< any text; control characters are escaped when it is rendered
  Style style = Style::plain;
};

struct Heading {
  std::string text;
  Align align = Align::left;
};

/// Columns of a terminal that does not tell how many it has.
inline constexpr std::size_t kUsualWidth = 80;

/// Where a table goes.
struct Surface {
  std::size_t width = 0;  ///< columns of the terminal; 0: no bound, nothing is cut
  bool colour = false;
};

/// Columns are two spaces apart, without trailing spaces. Where the width does not suffice, the widest columns are cut.
std::string render_table(const std::vector<Heading>& headings, const std::vector<std::vector<Cell>>& rows,
                         const Surface& surface);

/// `name   value` lines, aligned.
std::string render_pairs(const std::vector<std::pair<std::string, Cell>>& pairs, const Surface& surface);

}  // namespace p2p::cli
