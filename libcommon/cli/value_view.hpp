// How any JSON value looks to a person. Works on the text, so that members keep their order and numbers their digits.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/table.hpp"

namespace p2p::cli {

/// A flat object is `name value` lines, an array of flat objects a table with their members as columns, a text itself
/// with its line breaks, everything else YAML. Ends with a line break; safe for a terminal. `json` must be JSON.
std::string value_view(std::string_view json, const Surface& surface);

/// Whether value_view() shows it as a table: an array of flat objects that have few enough members between them.
bool is_table(std::string_view json);

/// A text from outside, with its line breaks and nothing else that a terminal obeys; each line begins with `indent`.
std::string safe_lines(std::string_view text, std::string_view indent = {});

}  // namespace p2p::cli
