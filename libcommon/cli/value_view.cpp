#include "cli/value_view.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "cli/json_view.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::cli {
namespace {

using rpc::JsonScanner;

constexpr std::size_t kMaxColumns = 12;

struct Member {
  std::string name;
  std::string_view value;  // JSON text
};
using Members = std::vector<Member>;

/// True for scalars and for lists of scalars.
bool fits_cell(std::string_view value) {
  if (value.front() != '[') return value.front() != '{';
  JsonScanner list(value);
  return list.elements([&] { return list.peek() != '{' && list.peek() != '[' && list.value(); });
}

/// The members of the object that begins here; none when it is no flat object.
std::optional<Members> flat_object(JsonScanner& scanner) {
  Members out;
  const bool fine = scanner.sliced_members([&](std::string_view name, std::string_view value) {
    out.push_back({std::string(name), value});
    return fits_cell(value);
  });
  if (!fine || out.empty()) return std::nullopt;
  return out;
}

std::optional<std::vector<Members>> flat_rows(JsonScanner& scanner) {
  std::vector<Members> out;
  const bool fine = scanner.elements([&] {
    auto row = flat_object(scanner);
    if (row) out.push_back(std::move(*row));
    return row.has_value();
  });
  if (!fine || out.empty()) return std::nullopt;
  return out;
}

bool is_number(std::string_view value) {
  return value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
}

/// The numbers of a list with spaces between them, as they were sent; none when it holds anything else.
std::optional<std::string> number_list(std::string_view value) {
  std::string out;
  JsonScanner list(value);
  const bool fine = list.elements([&] {
    const std::size_t from = list.position();
    if (!is_number(std::string_view(&value[from], 1)) || !list.value()) return false;
    out.append(out.empty() ? "" : " ").append(list.since(from));
    return true;
  });
  if (!fine || out.empty()) return std::nullopt;
  return out;
}

Cell cell_of(std::string_view value) {
  if (value == "null") return {"-", Style::dim};
  if (value.front() == '[') {
    if (auto numbers = number_list(value)) return {std::move(*numbers)};
  }
  return {value.front() == '"' ? rpc::decode_json_string(value) : compact_json(value)};
}

std::string upper_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

const Member* find(const Members& row, std::string_view name) {
  const auto found = std::find_if(row.begin(), row.end(), [&](const Member& member) { return member.name == name; });
  return found == row.end() ? nullptr : &*found;
}

std::vector<std::string> column_names(const std::vector<Members>& rows) {
  std::vector<std::string> out;
  for (const Members& row : rows) {
    for (const Member& member : row) {
      if (std::find(out.begin(), out.end(), member.name) == out.end()) out.push_back(member.name);
    }
  }
  return out;
}

std::string table_of(const std::vector<Members>& rows, const std::vector<std::string>& names, const Surface& surface) {
  std::vector<Heading> headings;
  for (const std::string& name : names) {
    const bool numbers = std::all_of(rows.begin(), rows.end(), [&](const Members& row) {
      const Member* member = find(row, name);
      return member == nullptr || is_number(member->value);
    });
    headings.push_back({upper_ascii(name), numbers ? Align::right : Align::left});
  }
  std::vector<std::vector<Cell>> cells;
  for (const Members& row : rows) {
    auto& line = cells.emplace_back();
    for (const std::string& name : names) {
      const Member* member = find(row, name);
      line.push_back(member == nullptr ? cell_of("null") : cell_of(member->value));
    }
  }
  return render_table(headings, cells, surface);
}

}  // namespace

std::string safe_lines(std::string_view text, std::string_view indent) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  for (const std::string& line : split(text, '\n')) out.append(indent).append(escape_controls(line)).append(1, '\n');
  return out;
}

bool is_table(std::string_view json) {
  json = trim(json);
  JsonScanner scanner(json);
  const auto rows = json.starts_with('[') ? flat_rows(scanner) : std::nullopt;
  return rows && column_names(*rows).size() <= kMaxColumns;
}

std::string value_view(std::string_view json, const Surface& surface) {
  json = trim(json);
  JsonScanner scanner(json);
  if (json.starts_with('"')) return safe_lines(rpc::decode_json_string(json));
  if (json.starts_with('{')) {
    if (const auto members = flat_object(scanner)) {
      std::vector<std::pair<std::string, Cell>> pairs;
      for (const Member& member : *members) pairs.emplace_back(member.name, cell_of(member.value));
      return render_pairs(pairs, surface);
    }
  } else if (json.starts_with('[')) {
    const auto rows = flat_rows(scanner);
    const auto names = rows ? column_names(*rows) : std::vector<std::string>();
    if (!names.empty() && names.size() <= kMaxColumns) return table_of(*rows, names, surface);
    if (const auto numbers = number_list(json)) return *numbers + "\n";
  }
  return to_yaml(json);
}

}  // namespace p2p::cli
