// The subcommands of p2p-node, one file each.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::node {

std::unique_ptr<cli::Command> make_join();
std::unique_ptr<cli::Command> make_doctor();

}  // namespace p2p::node
