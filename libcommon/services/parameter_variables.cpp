#include "services/parameter_variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::services {
namespace {

constexpr std::size_t kMaxVariables = 256;
constexpr std::size_t kMaxVariableBytes = 16 * 1024;
constexpr std::size_t kMaxTogetherBytes = 64 * 1024;

/// Lower case only: a schema that checks `path` must not be got around by a `PATH` beside it.
std::optional<std::string> variable_name(std::string_view member) {
  std::string name = "P2P_PARAM_";
  for (const char c : member) {
    if (c >= 'a' && c <= 'z') {
      name += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= '0' && c <= '9') || c == '_') {
      name += c;
    } else if (c == '-') {
      name += '_';
    } else {
      return std::nullopt;
    }
  }
  return member.empty() ? std::nullopt : std::optional(std::move(name));
}

/// The value as text when it is a scalar that a variable can hold.
std::optional<std::string> variable_value(std::string_view json) {
  if (json.front() == '{' || json.front() == '[' || json == "null") return std::nullopt;
  std::string text = json.front() == '"' ? rpc::decode_json_string(json) : std::string(json);
  if (text.size() > kMaxVariableBytes || text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

}  // namespace

Result<std::vector<std::string>> parameter_variables(std::string_view params) {
  std::vector<std::string> out;
  std::set<std::string> names;
  std::string repeated;
  std::size_t total_bytes = 0;
  const auto take = [&](std::string_view member, std::string_view json) {
    const auto name = variable_name(member);
    if (!name) return;
    if (!names.insert(*name).second) repeated = *name;
    const auto value = variable_value(json);
    if (!value || out.size() == kMaxVariables || total_bytes + value->size() > kMaxTogetherBytes) return;
    total_bytes += value->size();
    out.push_back(fmt::format("{}={}", *name, *value));
  };
  if (!trim(params).starts_with('{')) return out;
  if (const std::string flaw = rpc::for_each_member(params, take); !flaw.empty()) return Error(Errc::invalid, flaw);
  if (!repeated.empty()) return Error(Errc::invalid, fmt::format("two parameters would both be {}", repeated));
  return out;
}

}  // namespace p2p::services
