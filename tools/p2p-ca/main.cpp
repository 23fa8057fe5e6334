// p2p-ca: the fleet's certificate authority on the command line.
#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::ca;

const p2p::cli::CommandEntry kCommands[] = {
    {"init", "Makes the CA of a fleet, and an operator certificate for this machine.",
     "p2p-ca init\n"
     "p2p-ca init --name shop --days 7300",
     make_init},
    {"sign", "Makes key and certificate of nodes and operators.",
     "p2p-ca sign worker-1 worker-2\n"
     "p2p-ca sign main --role coordinator --san main.example.org\n"
     "p2p-ca sign alice --role operator --bundle alice.p2p",
     make_sign},
    {"list", "Lists the certificates here, with what is left of their time.",
     "p2p-ca list\n"
     "p2p-ca list -o json | jq '.[] | select(.days_left < 30)'",
     make_list},
    {"show", "Shows what a certificate says.",
     "p2p-ca show worker-1\n"
     "p2p-ca show ./cert.pem -o json",
     make_show},
    {"verify", "Checks that certificates are good: signed by this CA, valid now, with a role and their own key.",
     "p2p-ca verify worker-1\n"
     "p2p-ca verify ./cert.pem && echo good",
     make_verify},
};

constexpr p2p::cli::Tool kTool{"p2p-ca", "The certificate authority of a fleet.", kCommands};

}  // namespace

int main(int argc, char** argv) { return p2p::cli::main_of(kTool, argc, argv); }
