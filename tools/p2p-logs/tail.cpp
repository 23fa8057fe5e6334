#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "base/system_random.hpp"
#include "commands.hpp"
#include "cursor_file.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "log_page.hpp"
#include "logs/store.hpp"
#include "net/channel.hpp"
#include "pager.hpp"
#include "record_printer.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;
using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{250};
constexpr milliseconds kLongestDelay{5000};

class TailCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    filter_.declare(options);
    options.number("-n,--lines", "N", lines_, 0, kMaxPageRecords, "how many of the last records first, 10 by default");
    options.flag("--no-follow", no_follow_, "end after the last records");
    cursor_file_.declare(options);
    printer_.declare(options);
    pager_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    if (const auto ready = printer_.prepare(session.out.surface().colour); !ready) return ready;
    if (const auto opened = cursor_file_.open(); !opened) return opened;
    cursor_ = cursor_file_.cursor();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (auto looked = warn_of_unknown_nodes(filter_.nodes, *client, session.report); !looked) return looked;
    const auto done = no_follow_ ? show(*client, session.out.stream(), std::move(*parameters))
                                 : follow(*client, session, std::move(*parameters));
    const auto kept = cursor_file_.close();
    if (!done) return explained(done.error());
    return kept;
  }

 private:
  /// The last ones, or all after the cursor.
  Attempt<void> show(cli::NodeClient& client, std::ostream& out, Json parameters) {
    const bool from_cursor = !cursor_.empty();
    if (!from_cursor && lines_ == 0 && !cursor_file_.is_used()) return {};
    pager_.start(out);
    if (pager_.is_running()) client.end_requests_on_signal();
    const auto done =
        from_cursor ? show_pages(client, out, std::move(parameters)) : show_last(client, out, std::move(parameters));
    pager_.stop();
    return done;
  }

  Attempt<void> show_pages(cli::NodeClient& client, std::ostream& out, Json parameters) {
    parameters["limit"] = kMaxPageRecords;
    for (bool more = true; more && out;) {
      parameters["cursor"] = cursor_;
      const auto page = get_page(client, parameters);
      if (!page) return page.error();
      more = page->more;
      print(*page, out);
    }
    return {};
  }

  /// A page may end before all of them are there: it goes on to older ones.
  Attempt<void> show_last(cli::NodeClient& client, std::ostream& out, Json parameters) {
    // Of no lines only the cursor is wanted.
    parameters["limit"] = std::max<std::uint64_t>(lines_, 1);
    auto last = get_page(client, parameters);
    if (!last) return last.error();
    auto& found = last->records;
    if (lines_ == 0) found.clear();
    std::reverse(found.begin(), found.end());
    parameters["order"] = "desc";
    parameters["cursor"] = found.empty() ? last->cursor : found.back().cursor;
    for (bool more = last->more; more && found.size() < lines_;) {
      parameters["limit"] = lines_ - found.size();
      auto older = get_page(client, parameters);
      if (!older) return older.error();
      std::move(older->records.begin(), older->records.end(), std::back_inserter(found));
      parameters["cursor"] = older->cursor;
      more = older->more;
    }
    std::reverse(found.begin(), found.end());
    print(*last, out);
    return {};
  }

  /// Prints a page or message and remembers where it ends.
  void print(const LogPage& page, std::ostream& out) {
    std::string lines;
    for (const auto& record : page.records) printer_.print(lines, record);
    cursor_ = page.cursor;
    if ((out << lines).flush()) cursor_file_.keep(cursor_);
  }

  Attempt<void> take_message(const std::string& text, std::ostream& out) {
    const auto page = parse_page(text);
    if (!page) return page.error();
    print(*page, out);
    return {};
  }

  /// A connection that was there once is made again for ever; everything seen is marked by the cursor.
  Attempt<void> follow(cli::NodeClient& client, cli::Session& session, Json parameters) {
    if (cursor_.empty()) parameters["last"] = lines_;
    milliseconds delay = kFirstDelay;
    bool lost = false, was_there = false;
    for (;;) {
      if (!cursor_.empty()) {
        parameters.erase("last");
        parameters["cursor"] = cursor_;
      }
      Attempt<void> taken;
      const auto on_message = [&](const net::Message& message) {
        if (std::exchange(lost, false)) session.report.note("connected again to " + client.address());
        was_there = true;
        delay = kFirstDelay;
        taken = take_message(message.data, session.out.stream());
        return taken.has_value() && session.out.stream().good();
      };
      const auto end = client.stream("/ws/logs", dump_json(parameters), on_message);
      if (!taken) return taken.error();
      if (end && *end == cli::NodeClient::StreamEnd::interrupted) return Failure(cli::kInterrupted, "");
      if (end && *end == cli::NodeClient::StreamEnd::unread) return {};
      if (!session.out.stream()) return {};  // nobody reads any more; main says so
      const bool worth_another =
          end || end.error().exit_code == cli::kUnreachable || end.error().exit_code == cli::kTimeout;
      if (!worth_another || !was_there) return end ? closed_at_once(client) : end.error();
      if (!std::exchange(lost, true))
        session.report.warning(fmt::format("lost the connection to {}; trying again", client.address()));
      std::this_thread::sleep_for(jittered(delay));
      delay = std::min(delay * 2, kLongestDelay);
    }
  }

  /// What can be done where records after the cursor are no longer stored.
  Failure explained(Failure failure) const {
    if (failure.exit_code == cli::kNotFound && failure.hint.empty() && !cursor_.empty() && !cursor_file_.is_used())
      failure.hint = "the same command again goes on with what is stored now";
    return cursor_file_.explain(std::move(failure));
  }

  static Failure closed_at_once(const cli::NodeClient& client) {
    return {cli::kUnreachable, client.address() + " closed the connection"};
  }

  /// Half to all of it, so that many clients do not come back at once.
  static milliseconds jittered(milliseconds delay) {
    SystemRandom random;
    return delay / 2 + milliseconds{random.below(static_cast<std::uint64_t>(delay.count() / 2))};
  }

  FilterOptions filter_;
  CursorFile cursor_file_;
  RecordPrinter printer_;
  Pager pager_;
  std::uint64_t lines_ = 10;
  bool no_follow_ = false;
  std::string cursor_;
};

}  // namespace

std::unique_ptr<cli::Command> make_tail_command() { return std::make_unique<TailCommand>(); }

}  // namespace p2p::logs
