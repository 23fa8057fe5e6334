#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::ctl;

const p2p::cli::CommandEntry kCommands[] = {
    {"call", "Calls a method of a service, on one node, any fitting node, or all.",
     "p2p-ctl call system.info --node worker-1\n"
     "p2p-ctl call disk.usage path=/var --all -o json\n"
     "p2p-ctl call system.echo --node worker-1 --repeat 1000\n"
     "p2p-ctl call disk.folders path=/var --node worker-1 --stream",
     make_call},
    {"nodes", "Lists the nodes of the fleet as the coordinator sees them.", "p2p-ctl nodes", make_nodes},
    {"nodes forget", "Takes a node that is dead or has left off the coordinator's list.",
     "p2p-ctl nodes forget worker-3", make_nodes_forget},
    {"nodes remove", "Takes a node out of the fleet for good: drains it, revokes its certificate, forgets it.",
     "p2p-ctl nodes remove worker-3", make_nodes_remove},
    {"services", "Shows which services exist on which nodes.", "p2p-ctl services --node worker-1", make_services},
    {"services describe", "Shows a service: where and how it runs, its methods and their parameters.",
     "p2p-ctl services describe disk", make_services_describe},
    {"services start", "Runs a service that was stopped.", "p2p-ctl services start disk --node worker-1",
     make_services_start},
    {"services stop", "Takes a service out of use until it is started again.",
     "p2p-ctl services stop disk --node worker-1", make_services_stop},
    {"services restart", "Reads a service's folder again and runs it anew.", "p2p-ctl services restart disk --all",
     make_services_restart},
    {"status", "Shows the health of the coordinator and how many nodes are alive.", "p2p-ctl status", make_status},
    {"ping", "Measures the time to a node and back, through the coordinator.",
     "p2p-ctl ping worker-1 --count 3\n"
     "p2p-ctl ping --all",
     make_ping},
    {"top", "Shows the load of all nodes, live in the terminal.",
     "p2p-ctl top --interval 5s\n"
     "p2p-ctl top --once -o json",
     make_top},
    {"watch nodes", "Prints a line for each change of a node, until Ctrl-C.", "p2p-ctl watch nodes", make_watch_nodes},
    {"watch services", "Prints a line for each change of a service, until Ctrl-C.", "p2p-ctl watch services -o json",
     make_watch_services},
    {"wait node", "Waits until a node is alive, dead or gone.", "p2p-ctl wait node worker-1 --alive --timeout 30s",
     make_wait_node},
    {"wait service", "Waits until a service runs.", "p2p-ctl wait service disk --node worker-1", make_wait_service},
    {"config get", "Shows what a node is configured to do, and where each value came from.",
     "p2p-ctl config get --node worker-1\n"
     "p2p-ctl config get log_level",
     make_config_get},
    {"certs list", "Lists the certificates that the fleet's CA has signed.", "p2p-ctl certs list --revoked",
     make_certs_list},
    {"certs renew", "Has a node get a new certificate now.", "p2p-ctl certs renew worker-3", make_certs_renew},
    {"certs revoke", "Revokes a certificate: within seconds no node accepts it.",
     "p2p-ctl certs revoke worker-3 --reason key-compromise", make_certs_revoke},
    {"token create", "Makes a token for who has no certificate, and prints it.",
     "p2p-ctl token create --sub prometheus --scope metrics:read --ttl 30d > prometheus.token", make_token_create},
    {"token list", "Lists the tokens that are valid, or were revoked before their end.", "p2p-ctl token list",
     make_token_list},
    {"token revoke", "Takes a token back: within seconds no node accepts it.", "p2p-ctl token revoke prometheus",
     make_token_revoke},
    {"dashboard", "Shows the fleet in a browser, live.",
     "p2p-ctl dashboard\n"
     "p2p-ctl dashboard --role viewer --no-open\n"
     "p2p-ctl dashboard --print",
     make_dashboard},
    {"context add", "Adds a fleet from a bundle and makes it the current one.",
     "p2p-ctl context add shop --bundle alice.p2p --coordinator shop.example:8001", make_context_add},
    {"context use", "Makes a context the current one; \"local\" is the operator of this home.",
     "p2p-ctl context use shop", make_context_use},
    {"context rm", "Removes a context and its identity.", "p2p-ctl context rm shop", make_context_rm},
    {"context ls", "Lists the contexts.", "p2p-ctl context ls", make_context_ls},
    {"completion", "Prints the script that completes p2p-ctl in a shell.",
     "p2p-ctl completion bash > ~/.local/share/bash-completion/completions/p2p-ctl", make_completion},
    {"__names", "Prints the names that a completion offers.", "p2p-ctl __names nodes", make_names},
};

}  // namespace

int main(int argc, char** argv) {
  const p2p::cli::Tool tool{"p2p-ctl", "Talks to the coordinator of a fleet: calls methods, lists nodes and services.",
                            kCommands, true, true};
  return p2p::cli::main_of(tool, argc, argv);
}
