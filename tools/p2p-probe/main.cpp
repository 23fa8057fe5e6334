#include <cstdlib>

#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::probe;

const p2p::cli::CommandEntry kCommands[] = {
    {"list", "Lists this machine's addresses and what each interface is.",
     "p2p-probe list\n"
     "p2p-probe list -o json | jq '.[] | select(.class == \"vpn\")'",
     make_list_command},
    {"check", "Tries every path from this machine's addresses to others, and back.",
     "p2p-probe check\n"
     "p2p-probe check 10.8.0.1:8001 coordinator.example:8001\n"
     "p2p-probe check --source eth0 -o json | jq '.[] | select(.good | not)'",
     make_check_command},
    {"select", "Prints the address of this machine that others can use.",
     "p2p-probe select\n"
     "p2p-probe select 10.8.0.1:8001",
     make_select_command},
    {"explain", "Says rule by rule why that address is chosen.",
     "p2p-probe explain\n"
     "p2p-probe explain 10.8.0.1:8001 --no-probe",
     make_explain_command},
    {"watch", "Shows changes of the network, and of the address to use, as they come.",
     "p2p-probe watch\n"
     "p2p-probe watch -o json | jq --unbuffered -r 'select(.event == \"best\").address'",
     make_watch_command},
};

}  // namespace

int main(int argc, char** argv) {
  // A lookup cannot be cancelled, and a process waits for it at its end: a silent name server may cost a second, not
  // ten (resolv.conf(5)). Whoever has set this knows better.
  ::setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
  const p2p::cli::Tool tool{"p2p-probe", "Finds the address under which others reach this machine, and says why.",
                            kCommands, true, true};
  return p2p::cli::main_of(tool, argc, argv);
}
