#include "operator_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::node {

Result<Json> read_members(std::string_view text, std::initializer_list<std::string_view> known) {
  auto object = parse_json(text.empty() ? "{}" : text);
  if (!object) return object;
  if (!object->is_object()) return Error(Errc::invalid, "the parameters are not a JSON object");
  for (const auto& [key, value] : object->items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return Error(Errc::invalid,
                 fmt::format("\"{}\" is no parameter of this method", escape_controls(key.substr(0, 64))));
  }
  return object;
}

std::string name_of(const auth::Caller& caller) {
  if (!caller.identity) return "anonymous";
  const auto kind = caller.token_id.empty() ? pki::to_string(caller.identity->role) : std::string_view("token");
  return fmt::format("{}/{}", kind, caller.identity->name);
}

}  // namespace p2p::node
