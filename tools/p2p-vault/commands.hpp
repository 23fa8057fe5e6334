// The subcommands of p2p-vault, one file each.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::vault_tool {

std::unique_ptr<cli::Command> make_backup();
std::unique_ptr<cli::Command> make_edit();
std::unique_ptr<cli::Command> make_export();
std::unique_ptr<cli::Command> make_get();
std::unique_ptr<cli::Command> make_import();
std::unique_ptr<cli::Command> make_info();
std::unique_ptr<cli::Command> make_init();
std::unique_ptr<cli::Command> make_lock();
std::unique_ptr<cli::Command> make_ls();
std::unique_ptr<cli::Command> make_mv();
std::unique_ptr<cli::Command> make_put();
std::unique_ptr<cli::Command> make_rekey();
std::unique_ptr<cli::Command> make_rm();
std::unique_ptr<cli::Command> make_run();
std::unique_ptr<cli::Command> make_unlock();
std::unique_ptr<cli::Command> make_verify();

}  // namespace p2p::vault_tool
