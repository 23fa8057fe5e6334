// The subcommands of p2p-logs; each is in the file of its name.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::logs {

std::unique_ptr<cli::Command> make_clear_command();
std::unique_ptr<cli::Command> make_export_command();
std::unique_ptr<cli::Command> make_query_command();
std::unique_ptr<cli::Command> make_sources_command();
std::unique_ptr<cli::Command> make_stats_command();
std::unique_ptr<cli::Command> make_tail_command();

}  // namespace p2p::logs
