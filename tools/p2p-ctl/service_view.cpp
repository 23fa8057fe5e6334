#include "service_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/value_view.hpp"
#include "fleet.hpp"
#include "fleet_problems.hpp"

namespace p2p::ctl {
namespace {

using cli::Cell;
using cli::member_cell;
using cli::member_text;
using cli::Style;

constexpr std::size_t kMaxPlaces = 20;  // lines of the table

bool is_in_trouble(const Json& place) { return !trouble_of(place).empty(); }

/// `4242, 4243` of the array `pids`.
Cell pids_cell(const Json& place) {
  const Json* pids = find_member(place, "pids");
  std::vector<std::string> out;
  if (pids != nullptr && pids->is_array()) {
    for (const Json& pid : *pids) out.push_back(dump_json(pid));
  }
  return out.empty() ? Cell{"-", Style::dim} : Cell{join(out, ", ")};
}

void show_places(std::ostream& out, const Json& places, const cli::Surface& surface) {
  const auto has_processes = [](const Json& place) { return place.contains("instances"); };
  const bool processes = std::any_of(places.begin(), places.end(), has_processes);
  const bool trouble = std::any_of(places.begin(), places.end(), is_in_trouble);
  std::vector<cli::Heading> headings{{"NODE"}, {"STATE"}, {"VERSION"}};
  if (processes) {
    for (const char* heading : {"RESTARTS", "INSTANCES"}) headings.push_back({heading, cli::Align::right});
    headings.push_back({"PIDS"});
  }
  if (trouble) headings.push_back({"WHY"});
  std::vector<std::vector<Cell>> rows;
  for (const Json& place : places) {
    if (rows.size() == kMaxPlaces) break;
    Cell state = member_cell(place, "state");
    state.style = cli::style_of_state(state.text);
    auto& row = rows.emplace_back(std::vector<Cell>{member_cell(place, "node"), state, version_cell(place)});
    if (processes) {
      row.push_back(member_cell(place, "restarts"));
      row.push_back(member_cell(place, "instances"));
      row.push_back(pids_cell(place));
    }
    if (trouble) row.push_back({trouble_of(place)});
  }
  out << render_table(headings, rows, surface);
  if (places.size() > kMaxPlaces) out << fmt::format("and {} more\n", places.size() - kMaxPlaces);
}

/// `text`, `number or null`, `list of text`, as the schema has it.
std::string type_text(const Json& schema) {
  const Json* type = find_member(schema, "type");
  if (type == nullptr) return "any";
  std::vector<std::string> names;
  for (const Json& one : type->is_array() ? *type : Json::array({*type})) {
    if (one.is_string()) names.push_back(one == "string" ? "text" : one == "array" ? "list" : one.get<std::string>());
  }
  const Json* items = find_member(schema, "items");
  if (names.size() == 1 && names.front() == "list" && items != nullptr) return "list of " + type_text(*items);
  return names.empty() ? "any" : join(names, " or ");
}

/// What else the schema says of a parameter.
std::string notes_of(const Json& schema, bool required) {
  std::vector<std::string> out;
  if (required) out.emplace_back("required");
  if (const std::string text = member_text(schema, "description"); !text.empty()) out.push_back(text);
  if (const Json* values = find_member(schema, "enum"); values != nullptr && values->is_array()) {
    std::vector<std::string> words;
    for (const Json& value : *values) words.push_back(value.is_string() ? value.get<std::string>() : dump_json(value));
    out.push_back("one of " + join(words, ", "));
  }
  for (const auto& [key, text] : {std::pair{"default", "default"}, {"minimum", "at least"}, {"maximum", "at most"}}) {
    if (const Json* value = find_member(schema, key)) out.push_back(fmt::format("{} {}", text, dump_json(*value)));
  }
  return join(out, "; ");
}

void show_parameters(std::ostream& out, const Json& schema, const cli::Surface& surface) {
  const Json* properties = find_member(schema, "properties");
  if (properties == nullptr || !properties->is_object()) return;
  const Json* required = find_member(schema, "required");
  std::vector<std::pair<std::string, Cell>> lines;
  for (const auto& [name, property] : properties->items()) {
    const bool wanted = required != nullptr && required->is_array() &&
                        std::find(required->begin(), required->end(), name) != required->end();
    const std::string notes = notes_of(property, wanted);
    lines.emplace_back("      " + name, Cell{type_text(property) + (notes.empty() ? "" : "; " + notes)});
  }
  out << render_pairs(lines, surface);
}

void show_method(std::ostream& out, const std::string& service, const Json& method, const cli::Surface& surface) {
  if (method.is_string()) {  // of a service that is not in use only the names are known
    out << "  " << escape_controls(service + "." + method.get<std::string>()) << '\n';
    return;
  }
  std::vector<std::string> notes;
  if (is_true(method, "public")) notes.emplace_back("public");
  if (const std::string scope = member_text(method, "permission");
      scope.find(':') != std::string::npos || scope == "admin")
    notes.push_back("needs " + scope);
  if (is_true(method, "idempotent")) notes.emplace_back("idempotent");
  if (const auto timeout = find_unsigned(method, "timeout_ms"))
    notes.push_back("at most " + format_duration(std::chrono::milliseconds(*timeout)));
  out << "  " << escape_controls(service + "." + member_text(method, "name")) << "  ("
      << escape_controls(join(notes, ", ")) << ")\n";
  if (const std::string text = member_text(method, "description"); !text.empty()) out << cli::safe_lines(text, "    ");
  if (const Json* schema = find_member(method, "params")) show_parameters(out, *schema, surface);
}

/// The place that tells most: one where the service runs.
const Json& best_of(const Json& places) {
  const auto running = std::find_if(places.begin(), places.end(),
                                    [](const Json& place) { return member_text(place, "state") == "running"; });
  return running != places.end() ? *running : places.front();
}

}  // namespace

void show_service(std::ostream& out, const Json& places, const cli::Surface& surface) {
  const Json& best = best_of(places);
  std::vector<std::pair<std::string, Cell>> facts{{"service", member_cell(best, "name")}};
  if (const std::string text = member_text(best, "description"); !text.empty())
    facts.emplace_back("description", Cell{text});
  facts.emplace_back("kind", is_true(best, "builtin") ? Cell{"built-in"} : member_cell(best, "protocol"));
  if (places.size() == 1 && best.contains("folder")) facts.emplace_back("folder", member_cell(best, "folder"));
  out << render_pairs(facts, surface) << '\n';
  show_places(out, places, surface);
  const Json* methods = find_member(best, "methods");
  if (methods == nullptr || methods->empty()) return;
  out << "\nMethods:\n";
  for (const Json& method : *methods) show_method(out, member_text(best, "name"), method, surface);
}

}  // namespace p2p::ctl
