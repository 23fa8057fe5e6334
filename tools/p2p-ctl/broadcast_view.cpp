#include "broadcast_view.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/rpc_failure.hpp"
#include "cli/value_view.hpp"
#include "rpc/json_scan.hpp"

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
  if (!error) return "failed";
  const std::string message = cli::member_text(*error, "message");
  const Json* data = find_member(*error, "data");
  return cli::message_of(message.empty() ? "failed" : message, data != nullptr ? dump_json(*data) : std::string());
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

void show_block(std::ostream& out, const Entry& entry) {
  out << escape_controls(text_of(entry.node)) << ":\n";
  out << cli::safe_lines(entry.result.empty() ? message_of(entry) : text_of(entry.result), "  ");
}

}  // namespace

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
    out.value(rows + "]");
  }
}

}  // namespace p2p::ctl
