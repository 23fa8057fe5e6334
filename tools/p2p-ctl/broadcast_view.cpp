#include "broadcast_view.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/rpc_failure.hpp"
#include "cli/value_view.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/jsonrpc.hpp"

namespace p2p::ctl {
namespace {

using cli::Format;
using rpc::JsonScanner;

/// One node's answer, as slices of the text, so that numbers keep their digits; empty where a member is absent.
struct Entry {
  std::string_view node, result, error, ms;
};

std::optional<std::vector<Entry>> read_entries(std::string_view json) {
  std::vector<Entry> out;
  JsonScanner scanner(json);
  const auto read_entry = [&] {
    Entry entry;
    const bool fine = scanner.sliced_members([&](std::string_view name, std::string_view value) {
      if (name == "node") entry.node = value;
      if (name == "result") entry.result = value;
      if (name == "error") entry.error = value;
      if (name == "ms") entry.ms = value;
      return true;
    });
    out.push_back(entry);
    return fine && entry.node.starts_with('"');
  };
  scanner.skip_space();
  if (!scanner.elements(read_entry)) return std::nullopt;
  return out;
}

std::string text_of(std::string_view value) {
  return value.starts_with('"') ? rpc::decode_json_string(value) : std::string(value);
}

std::string message_of(const Entry& entry) {
  const auto error = parse_json(entry.error);
  return error ? cli::message_of(*error) : "failed";
}

bool is_unknown_method(const Entry& entry) {
  const auto error = parse_json(entry.error);
  const Json* code = error ? find_member(*error, "code") : nullptr;
  return code != nullptr && *code == static_cast<int>(rpc::Code::method_not_found);
}

bool is_block(const Entry& entry) {
  return entry.result.starts_with('"') && text_of(entry.result).find('\n') != std::string::npos;
}

/// The members of a result without the braces; none when it is no object or would hide a column of ours.
std::optional<std::string_view> inner_members(std::string_view result) {
  if (!result.starts_with('{')) return std::nullopt;
  JsonScanner scanner(result);
  const bool fine = scanner.members(
      [&](std::string_view name) { return name != "node" && name != "ms" && name != "error" && scanner.value(); });
  if (!fine) return std::nullopt;
  return trim(result.substr(1, result.size() - 2));
}

/// The entry as one flat object: node, the result or its members, error, ms.
std::string row_of(const Entry& entry) {
  std::string out = "{\"node\":" + std::string(entry.node);
  if (const auto inner = inner_members(entry.result); inner && !inner->empty())
    out.append(",").append(*inner);
  else if (!inner && !entry.result.empty())
    out.append(",\"result\":").append(entry.result);
  if (!entry.error.empty()) out += ",\"error\":" + rpc::encode_json_string(message_of(entry));
  if (!entry.ms.empty()) out.append(",\"ms\":").append(entry.ms);
  return out + "}";
}

/// One line a node, with the result as it came.
void show_lines(cli::Output& out, const std::vector<Entry>& entries) {
  std::vector<std::vector<cli::Cell>> rows;
  for (const Entry& entry : entries) {
    const bool failed = !entry.error.empty();
    rows.push_back({{text_of(entry.node)},
                    {failed ? "failed" : "done", failed ? cli::Style::bad : cli::Style::good},
                    {failed ? message_of(entry) : text_of(entry.result)},
                    {entry.ms.empty() ? "-" : std::string(entry.ms) + " ms"}});
  }
  const std::vector<cli::Heading> headings{{"NODE"}, {"STATE"}, {"RESULT"}, {"TIME", cli::Align::right}};
  out.stream() << render_table(headings, rows, out.surface());
}

void show_block(std::ostream& out, const Entry& entry) {
  out << escape_controls(text_of(entry.node)) << ":\n";
  out << cli::safe_lines(entry.result.empty() ? message_of(entry) : text_of(entry.result), "  ");
}

}  // namespace

std::string with_reasons(std::string_view json, const std::map<std::string, std::string>& places) {
  const auto entries = read_entries(json);
  if (!entries) return std::string(json);
  std::string out = "[";
  for (const Entry& entry : *entries) {
    const bool is_unknown = is_unknown_method(entry);
    const auto place = places.find(text_of(entry.node));
    const bool has_it = place != places.end();
    if (is_unknown && !has_it && !places.empty()) continue;
    const std::string error = is_unknown && has_it && !place->second.empty()
                                  ? rpc::error_object({rpc::Code::service_failed, place->second})
                                  : std::string(entry.error);
    out.append(out.size() > 1 ? "," : "").append("{\"node\":").append(entry.node);
    if (!error.empty()) out += ",\"error\":" + error;
    if (!entry.result.empty()) out.append(",\"result\":").append(entry.result);
    if (!entry.ms.empty()) out.append(",\"ms\":").append(entry.ms);
    out += '}';
  }
  return out + ']';
}

void show_broadcast(cli::Output& out, std::string_view json) {
  const auto entries = read_entries(json);
  if (out.format() == Format::json || out.format() == Format::yaml || !entries) return out.value(json);
  if (out.format() == Format::name) {
    for (const Entry& entry : *entries) {
      if (entry.error.empty()) out.stream() << escape_controls(text_of(entry.node)) << '\n';
    }
  } else if (std::any_of(entries->begin(), entries->end(), is_block)) {
    for (const Entry& entry : *entries) show_block(out.stream(), entry);
  } else if (!entries->empty()) {
    std::string rows;
    for (const Entry& entry : *entries) rows += (rows.empty() ? "[" : ",") + row_of(entry);
    rows += ']';
    cli::is_table(rows) ? out.value(rows) : show_lines(out, *entries);
  }
}

}  // namespace p2p::ctl
