#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "cursor_file.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "log_page.hpp"
#include "logs/store.hpp"
#include "pager.hpp"
#include "record_printer.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;

class QueryCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    filter_.declare(options);
    filter_.declare_times(options);
    options.number("-n,--limit", "N", limit_, 0, 10'000'000, "the newest N of them, 1000 by default; 0 for all");
    options.flag("--reverse", reverse_, "newest first");
    cursor_file_.declare(options);
    printer_.declare(options);
    pager_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    if (const auto ready = printer_.prepare(session.out.surface().colour); !ready) return ready;
    if (const auto read = open_cursor(*parameters); !read) return read;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    pager_.start(session.out.stream());
    if (pager_.is_running()) client->end_requests_on_signal();
    const auto done = read(*client, session.out.stream(), std::move(*parameters));
    pager_.stop();
    if (!done) return cursor_file_.explain(done.error());
    if (const auto kept = cursor_file_.close(); !kept) return kept;
    if (printed_ == 0) {
      session.report.note("no records match");
      if (auto looked = warn_of_unknown_nodes(filter_.nodes, *client, session.report); !looked) return looked;
    }
    if (more_ && limit_ > 0 && printed_ >= limit_) session.report.note(what_to_do_for_more());
    return {};
  }

 private:
  /// All of them, oldest first, can be printed as they come, which is the order of a cursor that goes on; the newest N
  /// are found from the end.
  bool is_forward() const { return !reverse_ && (limit_ == 0 || cursor_file_.is_used()); }

  Attempt<void> open_cursor(Json& parameters) {
    if (reverse_ && cursor_file_.is_used())
      return Failure(cli::kUsage, "--reverse does not go with --cursor-file, which goes on to newer records");
    if (const auto opened = cursor_file_.open(); !opened) return opened;
    if (!cursor_file_.cursor().empty()) parameters["cursor"] = cursor_file_.cursor();
    parameters["order"] = is_forward() ? "asc" : "desc";
    return {};
  }

  std::string what_to_do_for_more() const {
    return cursor_file_.is_used() ? "more records match; the same command again goes on with them"
                                  : fmt::format("older records match too; see them with --limit {}", limit_ * 10);
  }

  /// The newest N come newest first, a page at a time; printed they are kept, as text, until the oldest are there.
  Attempt<void> read(cli::NodeClient& client, std::ostream& out, Json parameters) {
    const bool turn_around = !is_forward() && !reverse_;
    std::vector<std::string> pages;
    for (more_ = true; more_ && out && (limit_ == 0 || printed_ < limit_);) {
      const std::uint64_t left = limit_ == 0 ? kMaxPageRecords : limit_ - printed_;
      parameters["limit"] = std::min<std::uint64_t>(left, kMaxPageRecords);
      auto page = get_page(client, parameters);
      if (!page) return page.error();
      if (turn_around) std::reverse(page->records.begin(), page->records.end());
      std::string lines;
      for (const auto& record : page->records) printer_.print(lines, record);
      printed_ += page->records.size();
      more_ = page->more;
      parameters["cursor"] = page->cursor;
      if (turn_around)
        pages.push_back(std::move(lines));
      else if ((out << lines).flush())
        cursor_file_.keep(page->cursor);
    }
    for (auto page = pages.rbegin(); page != pages.rend() && out; ++page) out << *page;
    return {};
  }

  FilterOptions filter_;
  CursorFile cursor_file_;
  RecordPrinter printer_;
  Pager pager_;
  std::uint64_t limit_ = 1000;
  bool reverse_ = false;
  std::uint64_t printed_ = 0;
  bool more_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_query_command() { return std::make_unique<QueryCommand>(); }

}  // namespace p2p::logs
