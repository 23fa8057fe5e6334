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
constexpr std::size_t kMaxVariableBytes = 128 * 1024 - 1;  // name and `=` included
constexpr std::size_t kMaxTogetherBytes = 512 * 1024;
constexpr std::size_t kMaxLeftOut = 32;
constexpr std::size_t kMaxNameBytes = 64;  // of a name that is only told

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

/// As text, when it is a scalar.
std::optional<std::string> scalar_text(std::string_view json) {
  if (json.front() == '{' || json.front() == '[' || json == "null") return std::nullopt;
  return json.front() == '"' ? rpc::decode_json_string(json) : std::string(json);
}

}  // namespace

Result<ParameterVariables> parameter_variables(std::string_view params) {
  ParameterVariables out;
  std::set<std::string> names;
  std::string repeated;
  std::size_t total_bytes = 0;
  const auto take = [&](std::string_view member, std::string_view json) {
    const auto name = variable_name(member);
    if (!name) return;
    if (!names.insert(*name).second) repeated = *name;
    const auto value = scalar_text(json);
    if (!value) return;
    std::string variable = fmt::format("{}={}", *name, *value);
    const bool fits = variable.size() <= kMaxVariableBytes && variable.find('\0') == std::string::npos &&
                      out.set.size() < kMaxVariables && total_bytes + variable.size() <= kMaxTogetherBytes;
    if (fits) {
      total_bytes += variable.size();
      out.set.push_back(std::move(variable));
    } else if (out.left_out.size() < kMaxLeftOut) {
      out.left_out.push_back(name->substr(0, kMaxNameBytes));
    }
  };
  if (!trim(params).starts_with('{')) return out;
  if (const std::string flaw = rpc::for_each_member(params, take); !flaw.empty()) return Error(Errc::invalid, flaw);
  if (!repeated.empty()) return Error(Errc::invalid, fmt::format("two parameters would both be {}", repeated));
  return out;
}

}  // namespace p2p::services
