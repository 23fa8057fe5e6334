// Parameters of a call as people type them: `key=text`, `key:=json`, `key=@file`, `key:=@file`, or the whole as JSON.
// Pure: files and stdin are read by what is passed in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace p2p::cli {

/// What one call may carry; the server's limit on a body is the same.
inline constexpr std::size_t kMaxParameterBytes = 1 << 20;

/// Reads a file with the limit above; `-` is stdin.
using ReadInput = std::function<Result<std::string>(const std::string& path)>;

struct ParameterInput {
  std::vector<std::string> items;    ///< `key=…`
  std::optional<std::string> whole;  ///< of --params: JSON text, `-`, or `@file`
};

/// JSON text of an object or array, or empty when nothing was given. JSON that was typed is passed on as it is.
/// `invalid` names the item and what was expected.
Result<std::string> build_parameters(const ParameterInput& input, const ReadInput& read);

}  // namespace p2p::cli
