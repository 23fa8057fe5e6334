// What requests of those who run the fleet have in common: the members of their JSON, and who asks.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "auth/permission.hpp"
#include "base/json.hpp"

namespace p2p::node {

/// The JSON object in `text`, or an empty one for empty text. `invalid` for anything else, and for a member that is not
/// among `known`.
Result<Json> read_members(std::string_view text, std::initializer_list<std::string_view> known);

/// For the log and the inventory: `operator/alice`, `token/prometheus` of who came with a token, `anonymous`.
std::string name_of(const auth::Caller& caller);

}  // namespace p2p::node
