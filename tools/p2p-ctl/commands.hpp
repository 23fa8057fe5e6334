// The subcommands of p2p-ctl; each is in the file of its name.
#pragma once

#include <memory>

#include "cli/command.hpp"

namespace p2p::ctl {

std::unique_ptr<cli::Command> make_call();
std::unique_ptr<cli::Command> make_certs_list();
std::unique_ptr<cli::Command> make_certs_renew();
std::unique_ptr<cli::Command> make_certs_revoke();
std::unique_ptr<cli::Command> make_completion();
std::unique_ptr<cli::Command> make_config_get();
std::unique_ptr<cli::Command> make_context_add();
std::unique_ptr<cli::Command> make_context_ls();
std::unique_ptr<cli::Command> make_context_rm();
std::unique_ptr<cli::Command> make_context_use();
std::unique_ptr<cli::Command> make_dashboard();
std::unique_ptr<cli::Command> make_names();
std::unique_ptr<cli::Command> make_nodes();
std::unique_ptr<cli::Command> make_nodes_forget();
std::unique_ptr<cli::Command> make_nodes_remove();
std::unique_ptr<cli::Command> make_ping();
std::unique_ptr<cli::Command> make_services();
std::unique_ptr<cli::Command> make_services_describe();
std::unique_ptr<cli::Command> make_services_restart();
std::unique_ptr<cli::Command> make_services_start();
std::unique_ptr<cli::Command> make_services_stop();
std::unique_ptr<cli::Command> make_status();
std::unique_ptr<cli::Command> make_token_create();
std::unique_ptr<cli::Command> make_token_list();
std::unique_ptr<cli::Command> make_token_revoke();
std::unique_ptr<cli::Command> make_top();
std::unique_ptr<cli::Command> make_wait_node();
std::unique_ptr<cli::Command> make_wait_service();
std::unique_ptr<cli::Command> make_watch_nodes();
std::unique_ptr<cli::Command> make_watch_services();

}  // namespace p2p::ctl
