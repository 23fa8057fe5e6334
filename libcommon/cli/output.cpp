#include "cli/output.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "cli/json_view.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::cli {
namespace {

constexpr std::size_t kMaxColumns = 12;  // of a table made from unknown objects

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : dump_json(value); }

/// A text from outside, with its line breaks and nothing else that a terminal obeys.
std::string safe_lines(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  for (const std::string& line : split(text, '\n')) out += escape_controls(line) + '\n';
  return out;
}

bool is_flat(const Json& object) {
  return object.is_object() && std::none_of(object.begin(), object.end(), [](const Json& member) {
           return member.is_object() || (member.is_array() && !member.empty() && member.front().is_structured());
         });
}

void add_new(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

/// The members of an object, or of all objects of an array, in the order in which they were sent (which Json forgets).
std::vector<std::string> member_names(std::string_view json) {
  std::vector<std::string> out;
  rpc::JsonScanner scanner(json);
  const auto members = [&] {
    return scanner.members([&](std::string_view key) {
      add_new(out, key);
      return scanner.value();
    });
  };
  scanner.skip_space();
  const bool fine = scanner.peek() == '[' ? scanner.elements(members) : members();
  return fine ? out : std::vector<std::string>();
}

bool suits_table(const Json& array) {
  return array.is_array() && !array.empty() && std::all_of(array.begin(), array.end(), is_flat);
}

}  // namespace

std::optional<Format> parse_format(std::string_view text) noexcept {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "yaml") return Format::yaml;
  if (text == "name") return Format::name;
  return std::nullopt;
}

Cell member_cell(const Json& row, std::string_view key) {
  const Json* member = find_member(row, key);
  if (member == nullptr || member->is_null()) return {"-", Style::dim};
  return {text_of(*member), Style::plain};
}

Column member_column(std::string_view heading, std::string key, Align align) {
  return {heading, [key = std::move(key)](const Json& row) { return member_cell(row, key); }, align};
}

Style style_of_state(std::string_view state) noexcept {
  constexpr std::array<std::string_view, 4> kGood{"alive", "running", "ok", "healthy"};
  constexpr std::array<std::string_view, 5> kWarn{"suspected", "starting", "stopping", "degraded", "draining"};
  constexpr std::array<std::string_view, 3> kBad{"dead", "failed", "error"};
  constexpr std::array<std::string_view, 2> kDim{"left", "stopped"};
  const auto among = [&](const auto& words) { return std::find(words.begin(), words.end(), state) != words.end(); };
  return among(kGood)   ? Style::good
         : among(kWarn) ? Style::warn
         : among(kBad)  ? Style::bad
         : among(kDim)  ? Style::dim
                        : Style::plain;
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
  if (!rows || !rows->is_array()) return value_table(json_array);
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
  if (format_ == Format::table) return value_table(json);
  const auto parsed = parse_json(json);
  if (parsed && parsed->is_string())
    *stream_ << safe_lines(parsed->get<std::string>());
  else
    *stream_ << compact_json(json) << '\n';
}

void Output::value_table(std::string_view json) {
  const auto parsed = parse_json(json);
  if (parsed && parsed->is_string()) {
    *stream_ << safe_lines(parsed->get<std::string>());
  } else if (parsed && is_flat(*parsed) && !parsed->empty()) {
    std::vector<std::pair<std::string, Cell>> pairs;
    for (const std::string& key : member_names(json)) pairs.emplace_back(key, member_cell(*parsed, key));
    *stream_ << render_pairs(pairs, surface_);
  } else if (const auto keys = member_names(json); parsed && suits_table(*parsed) && keys.size() <= kMaxColumns) {
    std::vector<Column> columns;
    for (const std::string& key : keys) columns.push_back(member_column(key, key));
    list(json, columns, {});
  } else {
    *stream_ << to_yaml(json);
  }
}

}  // namespace p2p::cli
