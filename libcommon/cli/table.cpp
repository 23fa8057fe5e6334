#include "cli/table.hpp"

#include <algorithm>
#include <numeric>

#include "base/text.hpp"
#include "cli/text_width.hpp"

namespace p2p::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // a column is not cut below this

using Row = std::vector<Cell>;

std::vector<std::size_t> natural_widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text_width(row[i].text));
  }
  return widths;
}

/// Narrows the widest columns. The first one names the row, so it is cut only where it takes more than half.
void fit(std::vector<std::size_t>& widths, std::size_t available) {
  if (available == 0 || widths.empty()) return;
  const std::size_t gaps = kGap * (widths.size() - 1);
  const bool keep_first = widths.size() > 1 && widths.front() * 2 <= available;
  for (;;) {
    const std::size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
    const auto widest = std::max_element(widths.begin() + (keep_first ? 1 : 0), widths.end());
    if (total <= available || *widest <= kNarrowest) return;
    --*widest;
  }
}

std::string render(std::vector<Row> rows, const std::vector<Align>& aligns, const Surface& surface) {
  for (Row& row : rows) {
    for (Cell& cell : row) cell.text = escape_controls(cell.text);
  }
  std::vector<std::size_t> widths = natural_widths(rows);
  fit(widths, surface.width);
  std::string out;
  for (const Row& row : rows) {
    std::string spaces;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text = cut_to_width(row[i].text, widths[i]);
      const std::size_t padding = widths[i] - text_width(text);
      const bool right = i < aligns.size() && aligns[i] == Align::right;
      if (right) spaces.append(padding, ' ');
      if (!text.empty()) {
        const bool coloured = surface.colour && row[i].style != Style::plain;
        out += spaces;
        if (coloured) out += style_code(row[i].style);
        out += text;
        if (coloured) out += kResetStyle;
        spaces.clear();
      }
      spaces.append((right ? 0 : padding) + kGap, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string render_table(const std::vector<Heading>& headings, const std::vector<std::vector<Cell>>& rows,
                         const Surface& surface) {
  std::vector<Row> all(1);
  std::vector<Align> aligns;
  for (const Heading& heading : headings) {
    all.front().push_back({heading.text, Style::heading});
    aligns.push_back(heading.align);
  }
  all.insert(all.end(), rows.begin(), rows.end());
  return render(std::move(all), aligns, surface);
}

std::string render_pairs(const std::vector<std::pair<std::string, Cell>>& pairs, const Surface& surface) {
  std::vector<Row> rows;
  for (const auto& [name, value] : pairs) rows.push_back({{name, Style::dim}, value});
  return render(std::move(rows), {}, surface);
}

}  // namespace p2p::cli
