#include "commands.hpp"
#include "log_page.hpp"
#include "pager.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;

class SourcesCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.choice("-o,--output", "FORMAT", format_, {"table", "json", "yaml", "name"}, "how to print");
    pager_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto answer = get_answer(*client, "/api/logs/sources", Json::object());
    if (!answer) return answer.error();
    const auto format = cli::parse_format(format_).value_or(cli::Format::table);
    cli::Output out(session.out.stream(), format, session.out.surface());
    const bool as_it_is = format == cli::Format::json || format == cli::Format::yaml;
    pager_.start(session.out.stream());
    if (as_it_is)
      out.value(dump_json(*answer));
    else
      out.list(dump_json(rows_of(*answer)), kColumns, "name");
    pager_.stop();
    const Json* more = find_member(*answer, "more_loggers");
    if (more != nullptr && *more == true)
      session.report.warning("there are more loggers: \"p2p-logs stats --top N\" names those with the most records");
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
  Pager pager_;
};

}  // namespace

std::unique_ptr<cli::Command> make_sources_command() { return std::make_unique<SourcesCommand>(); }

}  // namespace p2p::logs
