#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::ctl;

const p2p::cli::CommandEntry kCommands[] = {
    {"call", "Calls a method of a service, on one node, any fitting node, or all.",
     "p2p-ctl call system.info --node worker-1\n"
     "p2p-ctl call disk.usage path=/var --all -o json\n"
     "p2p-ctl call disk.folders path=/var --node worker-1 --stream",
     make_call},
    {"nodes", "Lists the nodes of the fleet as the coordinator sees them.", "p2p-ctl nodes", make_nodes},
    {"services", "Shows which services exist on which nodes.", "p2p-ctl services --node worker-1", make_services},
    {"status", "Shows the health of the coordinator and how many nodes are alive.", "p2p-ctl status", make_status},
    {"ping", "Measures the time to a node and back, through the coordinator.",
     "p2p-ctl ping worker-1 --count 3\n"
     "p2p-ctl ping --all",
     make_ping},
    {"certs list", "Lists the certificates that the fleet's CA has signed.", "p2p-ctl certs list --revoked",
     make_certs_list},
    {"certs revoke", "Revokes a certificate: within seconds no node accepts it.",
     "p2p-ctl certs revoke worker-3 --reason key-compromise", make_certs_revoke},
    {"token create", "Makes a token for who has no certificate, and prints it.",
     "p2p-ctl token create --sub prometheus --scope metrics:read --ttl 30d > prometheus.token", make_token_create},
    {"token list", "Lists the tokens that are valid, or were revoked before their end.", "p2p-ctl token list",
     make_token_list},
    {"token revoke", "Takes a token back: within seconds no node accepts it.", "p2p-ctl token revoke prometheus",
     make_token_revoke},
    {"context add", "Adds a fleet from a bundle and makes it the current one.",
     "p2p-ctl context add shop --bundle alice.p2p --coordinator shop.example:8001", make_context_add},
    {"context use", "Makes a context the current one; \"local\" is the operator of this home.",
     "p2p-ctl context use shop", make_context_use},
    {"context ls", "Lists the contexts.", "p2p-ctl context ls", make_context_ls},
};

}  // namespace

int main(int argc, char** argv) {
  const p2p::cli::Tool tool{"p2p-ctl", "Talks to the coordinator of a fleet: calls methods, lists nodes and services.",
                            kCommands, true, true};
  return p2p::cli::main_of(tool, argc, argv);
}
