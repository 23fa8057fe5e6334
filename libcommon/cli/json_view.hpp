// JSON text shown to people and programs: indented JSON, and YAML. Numbers pass through as they were sent, however
// large. Pure.
#pragma once

#include <string>
#include <string_view>

namespace p2p::cli {

/// Indented by two, one member a line, empty containers and nothing else on one line. Characters that a terminal would
/// obey are `\u` escapes. `text` must be JSON (rpc::check_json); other text comes back unchanged.
std::string pretty_json(std::string_view text);

/// The same value as block YAML that every YAML 1.1 and 1.2 reader takes for the same: what looks like anything but
/// plain text is in double quotes.
std::string to_yaml(std::string_view text);

/// JSON on one line with the same escapes, as one record of `-o json` streams.
std::string compact_json(std::string_view text);

}  // namespace p2p::cli
