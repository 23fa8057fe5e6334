#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "known_nodes.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;

class ClearCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("--node", "NODE", node_, "only the records of this node");
    options.flag("--yes", yes_, "do not ask");
    options.choice("-o,--output", "FORMAT", format_, {"text", "json"}, "how to print");
  }

  Attempt<void> run(cli::Session& session) override {
    // An empty one is a variable that is not set: it must not mean all nodes.
    if (node_ && !is_valid_name(*node_))
      return Failure(cli::kUsage, fmt::format("--node: \"{}\" is not the name of one node", escape_controls(*node_)));
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (node_) {
      if (const auto known = check_known_node(*node_, *client); !known) return known;
    }
    if (!yes_) {
      const std::string whose = node_ ? "of " + *node_ : "of all nodes";
      if (const auto asked = session.confirm(fmt::format("Delete all log records {}?", whose)); !asked) return asked;
    }
    const auto reply = client->post("/api/logs/clear", node_ ? dump_json(Json{{"node_id", *node_}}) : "{}");
    if (!reply) return reply.error();
    if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
    const auto answer = parse_json(reply->body);
    const auto cleared = answer ? find_unsigned(*answer, "cleared") : std::nullopt;
    if (!cleared) return Failure(cli::kDamaged, "the coordinator does not say how many records it deleted");
    if (format_ == "json")
      session.out.stream() << dump_json(Json{{"cleared", *cleared}}) << '\n';
    else
      session.report.note(fmt::format("deleted {} records{}", *cleared, node_ ? " of " + *node_ : ""));
    return {};
  }

 private:
  std::optional<std::string> node_;
  bool yes_ = false;
  std::string format_ = "text";
};

}  // namespace

std::unique_ptr<cli::Command> make_clear_command() { return std::make_unique<ClearCommand>(); }

}  // namespace p2p::logs
