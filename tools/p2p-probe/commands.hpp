// The subcommands of p2p-probe; each is in the file of its name.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::probe {

std::unique_ptr<cli::Command> make_check_command();
std::unique_ptr<cli::Command> make_explain_command();
std::unique_ptr<cli::Command> make_list_command();
std::unique_ptr<cli::Command> make_select_command();
std::unique_ptr<cli::Command> make_watch_command();

}  // namespace p2p::probe
