#include <fmt/format.h>

#include <algorithm>

#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "logs/store.hpp"
#include "record_printer.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;

class QueryCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    filter_.declare(options);
    filter_.declare_times(options);
    options.number("-n,--limit", "N", limit_, 0, 10'000'000, "the newest N of them, 1000 by default; 0 for all");
    options.flag("--reverse", reverse_, "newest first");
    printer_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    // All of them, oldest first, can be printed as they come; the newest N are found from the end.
    const bool backward = reverse_ || limit_ > 0;
    (*parameters)["order"] = backward ? "desc" : "asc";
    const auto done = read(*client, session.out, std::move(*parameters), !reverse_ && backward);
    if (!done) return done.error();
    if (printed_ == 0) {
      session.report.note("no records match");
      if (auto looked = warn_of_unknown_nodes(filter_.nodes, *client, session.report); !looked) return looked;
    }
    if (more_) session.report.note(fmt::format("older records match too; see them with --limit {}", limit_ * 10));
    return {};
  }

 private:
  Attempt<void> read(cli::NodeClient& client, cli::Output& out, Json parameters, bool turn_around) {
    std::vector<ParsedRecord> kept;
    for (more_ = true; more_ && (limit_ == 0 || printed_ < limit_);) {
      const std::uint64_t left = limit_ == 0 ? kMaxPageRecords : limit_ - printed_;
      parameters["limit"] = std::min<std::uint64_t>(left, kMaxPageRecords);
      const auto reply = client.get("/api/logs" + query_string(parameters));
      if (!reply) return reply.error();
      if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
      const auto answer = parse_json(reply->body);
      if (!answer) return cli::Failure(cli::kDamaged, answer.error().context);
      auto page = parse_page(*answer);
      if (!page) return page.error();
      for (auto& record : page->records) {
        ++printed_;
        if (turn_around)
          kept.push_back(std::move(record));
        else
          printer_.print(out, record);
      }
      more_ = page->more;
      parameters["cursor"] = page->cursor;
    }
    std::for_each(kept.rbegin(), kept.rend(), [&](const ParsedRecord& record) { printer_.print(out, record); });
    return {};
  }

  FilterOptions filter_;
  RecordPrinter printer_;
  std::uint64_t limit_ = 1000;
  bool reverse_ = false;
  std::uint64_t printed_ = 0;
  bool more_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_query_command() { return std::make_unique<QueryCommand>(); }

}  // namespace p2p::logs
