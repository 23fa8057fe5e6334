#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "commands.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "local_zone.hpp"
#include "log_page.hpp"
#include "logs/histogram.hpp"
#include "logs/log_stats.hpp"
#include "pager.hpp"
#include "progress_line.hpp"
#include "stats_view.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;

class StatsCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    filter_.declare(options);
    filter_.declare_times(options);
    options.number("--top", "N", top_, 1, kMaxTopNames, "how many nodes and loggers are named, 10 by default");
    options.choice("-o,--output", "FORMAT", format_, {"table", "json", "yaml"}, "how to print");
    options.flag("--local", local_, "show times in this machine's zone, not in UTC");
    pager_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const cli::Surface& surface = session.out.surface();
    (*parameters)["buckets"] = std::min(bar_columns(width_of_stats(surface)), kMaxBuckets);
    // What is added up is exact as long as no name is left out.
    (*parameters)["top"] = kMaxTopNames;
    const auto stats = count(*client, session, std::move(*parameters));
    if (!stats) return stats.error();
    pager_.start(session.out.stream());
    show(*stats, session);
    pager_.stop();
    if (total_of(stats->levels) == 0) return warn_of_unknown_nodes(filter_.nodes, *client, session.report);
    return {};
  }

 private:
  /// The coordinator counts for two seconds at a time.
  Attempt<LogStats> count(cli::NodeClient& client, cli::Session& session, Json parameters) {
    ProgressLine progress(!session.report.is_quiet());
    std::optional<LogStats> sum;
    for (bool more = true; more;) {
      const auto answer = get_answer(client, "/api/logs/stats", parameters);
      if (!answer) return answer.error();
      auto part = parse_stats(*answer);
      if (!part) return Failure(part.error());
      more = part->more;
      parameters["since"] = format_rfc3339(part->stats.since);
      parameters["until"] = format_rfc3339(part->stats.until);
      parameters["cursor"] = part->cursor;
      if (!sum) {
        sum = std::move(part->stats);
      } else if (const auto merged = sum->merge(part->stats); !merged) {
        return Failure(cli::kDamaged, merged.error().context);
      }
      if (more) progress.show(fmt::format("counted {} records", total_of(sum->levels)));
    }
    return std::move(*sum);
  }

  void show(const LogStats& stats, cli::Session& session) {
    const auto format = cli::parse_format(format_).value_or(cli::Format::table);
    if (format != cli::Format::table) {
      cli::Output(session.out.stream(), format, session.out.surface()).value(stats_json(stats, top_));
      return;
    }
    LineLook look;
    look.colour = session.out.surface().colour;
    if (local_) look.zone = local_zone();
    session.out.stream() << view_stats(stats, top_, session.out.surface(), look);
  }

  FilterOptions filter_;
  Pager pager_;
  std::uint64_t top_ = 10;
  std::string format_ = "table";
  bool local_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_stats_command() { return std::make_unique<StatsCommand>(); }

}  // namespace p2p::logs
