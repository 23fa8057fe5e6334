// Parameters of a call as variables of the environment, for shell scripts. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace p2p::services {

struct ParameterVariables {
  std::vector<std::string> set{};       ///< `P2P_PARAM_NAME=value`
  std::vector<std::string> left_out{};  ///< `P2P_PARAM_NAME` of those that no variable can hold; at most 32
};

/// A variable for each member that is text, a number or a boolean and whose name has only a-z, 0-9, `_` and `-`; in
/// capitals, `-` as `_`. Numbers are spelt as they were sent. Left out, and on stdin alone, are texts with a NUL in
/// them, variables of 128 KiB and more (MAX_ARG_STRLEN, execve(2)), and what comes after 256 variables or 512 KiB,
/// which is a quarter of what Linux takes with a stack of 8 MiB. `invalid` when two members would have one name.
Result<ParameterVariables> parameter_variables(std::string_view params);

}  // namespace p2p::services
