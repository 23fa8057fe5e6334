#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::logs;

const p2p::cli::CommandEntry kCommands[] = {
    {"tail", "Shows the last records, then new ones as they come.",
     "p2p-logs tail --level ERROR --node worker-1\n"
     "p2p-logs tail -n 100 --no-follow -o json | jq .message",
     make_tail_command},
    {"query", "Searches what is stored.",
     "p2p-logs query --since 10m --level WARNING\n"
     "p2p-logs query --since yesterday --until today --node 'worker-*' --grep 'disk full'",
     make_query_command},
    {"stats", "Counts records by level, node, logger and time.",
     "p2p-logs stats --since 1d\n"
     "p2p-logs stats --node 'worker-*' --level ERROR -o json | jq .levels",
     make_stats_command},
    {"export", "Writes records as JSON lines, as many as there are.",
     "p2p-logs export --since yesterday --until today --out yesterday.jsonl\n"
     "p2p-logs export --cursor-file seen >>all.jsonl",
     make_export_command},
    {"clear", "Deletes stored records.", "p2p-logs clear --node worker-1", make_clear_command},
    {"sources", "Lists the nodes and loggers that have records.", "p2p-logs sources", make_sources_command},
};

}  // namespace

int main(int argc, char** argv) {
  // --output is each command's own: records are lines of several kinds, sources a list.
  const p2p::cli::Tool tool{"p2p-logs", "Shows the log records of all nodes, live and stored.", kCommands, false, true};
  return p2p::cli::main_of(tool, argc, argv);
}
