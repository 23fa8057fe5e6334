// Parameters of a call as variables of the environment, for shell scripts. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace p2p::services {

/// `P2P_PARAM_NAME=value` for each member that is text, a number or a boolean and whose name has only a-z, 0-9, `_` and
/// `-`; in capitals, `-` as `_`. Numbers are spelt as they were sent. Values over 16 KiB, or past 64 KiB together, stay
/// on stdin alone. `invalid` when two members would have one name.
Result<std::vector<std::string>> parameter_variables(std::string_view params);

}  // namespace p2p::services
