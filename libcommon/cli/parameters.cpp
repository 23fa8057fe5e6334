#include "cli/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::cli {
namespace {

constexpr std::size_t kShownLength = 60;

Error wrong(std::string_view item, std::string_view what) {
  return {Errc::invalid, fmt::format("parameter \"{}\": {}", item.substr(0, kShownLength), what)};
}

Result<std::string> checked_json(std::string text, std::string_view item) {
  if (const std::string problem = rpc::check_json(text); !problem.empty()) return wrong(item, "not JSON: " + problem);
  return text;
}

/// The JSON text of one item's value.
Result<std::string> value_of(std::string_view item, std::string_view value, bool json, const ReadInput& read) {
  std::string text(value);
  if (value.starts_with('@')) {
    auto content = read(std::string(value.substr(1)));
    if (!content) return content.error();
    text = std::move(*content);
  }
  if (json) return checked_json(std::move(text), item);
  if (!is_utf8(text)) return wrong(item, "not UTF-8 text");
  return rpc::encode_json_string(text);
}

Result<std::string> whole_parameters(const std::string& whole, const ReadInput& read) {
  std::string text = whole;
  if (whole == "-" || whole.starts_with('@')) {
    auto content = read(whole == "-" ? whole : whole.substr(1));
    if (!content) return content.error();
    text = std::move(*content);
  }
  auto checked = checked_json(std::string(trim(text)), "--params");
  if (!checked) return checked.error();
  if (checked->front() != '{' && checked->front() != '[') return wrong("--params", "expects a JSON object or array");
  return checked;
}

}  // namespace

Result<std::string> build_parameters(const ParameterInput& input, const ReadInput& read) {
  if (input.whole) {
    if (!input.items.empty()) return Error(Errc::invalid, "give parameters either as key=value or with --params");
    return whole_parameters(*input.whole, read);
  }
  if (input.items.empty()) return std::string();
  std::string out;
  std::set<std::string, std::less<>> seen;
  for (const std::string& item : input.items) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      return wrong(item, "expects key=text, key:=json or key=@file");
    }
    const bool json = item[equals - 1] == ':';
    const std::string key = item.substr(0, json ? equals - 1 : equals);
    if (key.empty() || !is_utf8(key)) return wrong(item, "expects a name before the \"=\"");
    if (!seen.insert(key).second) return wrong(item, "given twice");
    auto value = value_of(item, std::string_view(item).substr(equals + 1), json, read);
    if (!value) return value.error();
    out += out.empty() ? '{' : ',';
    out += rpc::encode_json_string(key) + ':' + *value;
    if (out.size() > kMaxParameterBytes) {
      return Error(Errc::too_large, fmt::format("parameters are larger than {}", format_bytes(kMaxParameterBytes)));
    }
  }
  return out + '}';
}

}  // namespace p2p::cli
