#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;

class SourcesCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.choice("-o,--output", "FORMAT", format_, {"table", "json", "yaml", "name"}, "how to print");
  }

  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto reply = client->get("/api/logs/sources");
    if (!reply) return reply.error();
    if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
    const auto answer = parse_json(reply->body);
    if (!answer) return cli::Failure(cli::kDamaged, answer.error().context);
    const auto format = cli::parse_format(format_).value_or(cli::Format::table);
    cli::Output out(session.out.stream(), format, session.out.surface());
    const bool as_it_is = format == cli::Format::json || format == cli::Format::yaml;
    if (as_it_is)
      out.value(reply->body);
    else
      out.list(dump_json(rows_of(*answer)), kColumns, "name");
    return {};
  }

 private:
  /// One row a node and a logger, for the table.
  static Json rows_of(const Json& answer) {
    Json out = Json::array();
    for (const auto& [member, kind] : {std::pair{"nodes", "node"}, std::pair{"loggers", "logger"}}) {
      const Json* names = find_member(answer, member);
      if (names == nullptr || !names->is_array()) continue;
      for (const auto& name : *names) out.push_back({{"kind", kind}, {"name", name}});
    }
    return out;
  }

  inline static const std::vector<cli::Column> kColumns{cli::member_column("KIND", "kind"),
                                                        cli::member_column("NAME", "name")};
  std::string format_ = "table";
};

}  // namespace

std::unique_ptr<cli::Command> make_sources_command() { return std::make_unique<SourcesCommand>(); }

}  // namespace p2p::logs
