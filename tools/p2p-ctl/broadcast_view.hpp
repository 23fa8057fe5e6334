// How the answers of many nodes are shown.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/output.hpp"

namespace p2p::ctl {

/// `json` is the array of {node, result | error, ms} of a broadcast. As a table, results that are flat objects become
/// columns, others one, and texts of several lines a block for each node; JSON and YAML print the array as it came;
/// names are those of the nodes that answered.
void show_broadcast(cli::Output& out, std::string_view json);

/// The same array in the light of the nodes that have the service, with why it does not run there (else empty): where
/// that is why a node knows no such method, its error is the reason. If any has the service, those that have not and
/// so know no such method are left out: they are asked where none has it in use.
std::string with_reasons(std::string_view json, const std::map<std::string, std::string>& places);

}  // namespace p2p::ctl
