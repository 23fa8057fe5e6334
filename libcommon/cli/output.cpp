#include "cli/output.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "cli/json_view.hpp"
#include "cli/value_view.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::cli {

std::optional<Format> parse_format(std::string_view text) noexcept {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "yaml") return Format::yaml;
  if (text == "name") return Format::name;
  return std::nullopt;
}

std::string member_text(const Json& row, std::string_view key) {
  const std::string* text = find_string(row, key);
  return text != nullptr ? *text : std::string();
}

Cell member_cell(const Json& row, std::string_view key) {
  const Json* member = find_member(row, key);
  if (member == nullptr || member->is_null()) return {"-", Style::dim};
  return {member->is_string() ? member->get<std::string>() : dump_json(*member)};
}

Column member_column(std::string_view heading, std::string key, Align align) {
  return {heading, [key = std::move(key)](const Json& row) { return member_cell(row, key); }, align};
}

Column state_column(std::string_view heading, std::string key) {
  return {heading, [key = std::move(key)](const Json& row) {
            Cell cell = member_cell(row, key);
            if (cell.style == Style::plain) cell.style = style_of_state(cell.text);
            return cell;
          }};
}

Style style_of_state(std::string_view state) noexcept {
  constexpr std::array<std::string_view, 4> kGood{"alive", "running", "ok", "healthy"};
  constexpr std::array<std::string_view, 6> kWarn{"suspected", "starting", "stopping",
                                                  "degraded",  "draining", "warning"};
  constexpr std::array<std::string_view, 5> kBad{"dead", "failed", "error", "failing", "revoked"};
  constexpr std::array<std::string_view, 2> kDim{"left", "stopped"};
  const auto among = [&](const auto& words) { return std::find(words.begin(), words.end(), state) != words.end(); };
  if (among(kGood)) return Style::good;
  if (among(kWarn)) return Style::warn;
  if (among(kBad)) return Style::bad;
  return among(kDim) ? Style::dim : Style::plain;
}

bool Output::structured(std::string_view json) {
  if (format_ == Format::json)
    *stream_ << pretty_json(json) << '\n';
  else if (format_ == Format::yaml)
    *stream_ << to_yaml(json);
  else
    return false;
  return true;
}

void Output::list(std::string_view json_array, std::span<const Column> columns, std::string_view name_key) {
  if (structured(json_array)) return;
  const auto rows = parse_json(json_array);
  if (!rows || !rows->is_array()) return value(json_array);
  if (format_ == Format::name) {
    for (const Json& row : *rows) *stream_ << escape_controls(member_cell(row, name_key).text) << '\n';
    return;
  }
  if (rows->empty()) return;
  std::vector<Heading> headings;
  for (const Column& column : columns) headings.push_back({std::string(column.heading), column.align});
  std::vector<std::vector<Cell>> cells;
  for (const Json& row : *rows) {
    auto& line = cells.emplace_back();
    for (const Column& column : columns) line.push_back(column.cell(row));
  }
  *stream_ << render_table(headings, cells, surface_);
}

void Output::value(std::string_view json) {
  if (structured(json)) return;
  const std::string_view text = trim(json);
  if (format_ == Format::table)
    *stream_ << value_view(text, surface_);
  else if (text.starts_with('"'))
    *stream_ << safe_lines(rpc::decode_json_string(text));
  else
    *stream_ << compact_json(text) << '\n';
}

}  // namespace p2p::cli
