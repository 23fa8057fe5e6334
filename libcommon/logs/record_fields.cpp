#include "logs/record_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::logs {
namespace {

using FieldText = std::string (*)(const ParsedRecord& parsed, const LineLook& look);

struct Field {
  std::string_view name;
  FieldText text;
};

std::string number_or_empty(std::uint64_t number) { return number == 0 ? std::string() : std::to_string(number); }

constexpr Field kFields[] = {
    {"timestamp",
     [](const ParsedRecord& parsed, const LineLook& look) { return format_time(parsed.record.timestamp, look); }},
    {"node_id", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.node_id; }},
    {"epoch", [](const ParsedRecord& parsed, const LineLook&) { return std::to_string(parsed.record.epoch); }},
    {"seq", [](const ParsedRecord& parsed, const LineLook&) { return std::to_string(parsed.record.seq); }},
    {"level", [](const ParsedRecord& parsed, const LineLook&) { return std::string(to_string(parsed.record.level)); }},
    {"logger_name", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.logger_name; }},
    {"message", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.message; }},
    {"attrs", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.attrs; }},
    {"module", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.module; }},
    {"function", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.function; }},
    {"line", [](const ParsedRecord& parsed, const LineLook&) { return number_or_empty(parsed.record.line); }},
    {"trace_id", [](const ParsedRecord& parsed, const LineLook&) { return parsed.record.trace_id; }},
    {"received_at",
     [](const ParsedRecord& parsed, const LineLook& look) {
       const WallTime time = parsed.record.received_at;
       return time == WallTime{} ? std::string() : format_time(time, look);
     }},
    {"cursor", [](const ParsedRecord& parsed, const LineLook&) { return parsed.cursor; }},
};

const Field* find_field(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& field) { return field.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

/// Read alike by every reader of logfmt: printable ASCII without blanks, quotes, backslashes and `=`.
bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '='; });
}

}  // namespace

const std::vector<std::string_view>& record_field_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    for (const Field& field : kFields) out.push_back(field.name);
    return out;
  }();
  return names;
}

std::string format_logfmt(const ParsedRecord& record, const LineLook& look) {
  std::string out;
  for (const Field& field : kFields) {
    const std::string text = field.text(record, look);
    if (text.empty() && field.name != "message") continue;
    if (!out.empty()) out += ' ';
    out += field.name;
    out += '=';
    if (is_plain(text))
      out += text;
    else
      append_json_string(out, text);
  }
  return out;
}

Result<LineTemplate> LineTemplate::parse(std::string_view text) {
  LineTemplate out;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      literal += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
      continue;
    }
    if (c == '}') return Error(Errc::invalid, "a \"}\" without its \"{\" (a brace itself is \"}}\")");
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos)
      return Error(Errc::invalid, "a \"{\" without its \"}\" (a brace itself is \"{{\")");
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const Field* field = find_field(name);
    if (field == nullptr) {
      return Error(Errc::invalid, fmt::format("there is no field \"{}\"{}", escape_controls(name.substr(0, 40)),
                                              did_you_mean(name, record_field_names())));
    }
    out.parts_.push_back({std::move(literal), field->name});
    literal.clear();
    i = end;
  }
  if (!literal.empty()) out.parts_.push_back({std::move(literal), {}});
  if (out.parts_.empty()) return Error(Errc::invalid, "the template is empty");
  return out;
}

std::string LineTemplate::format(const ParsedRecord& record, const LineLook& look) const {
  std::string out;
  for (const Part& part : parts_) {
    out += part.literal;
    if (part.field.empty()) continue;
    const std::string text = find_field(part.field)->text(record, look);
    if (part.field == "level")
      out += painted_by_level(record.record.level, text, look.colour);
    else if (part.field == "node_id")
      out += painted_node(text, look.colour);
    else
      out += escape_controls(text);
  }
  return out;
}

}  // namespace p2p::logs
