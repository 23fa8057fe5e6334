// How the answers of many nodes are shown.
#pragma once

#include <string_view>

#include "cli/output.hpp"

namespace p2p::ctl {

/// `json` is the array of {node, result | error, ms} of a broadcast. As a table, results that are flat objects become
/// columns, and texts of several lines a block for each node; JSON and YAML print the array as it came; names are those
/// of the nodes that answered.
void show_broadcast(cli::Output& out, std::string_view json);

}  // namespace p2p::ctl
