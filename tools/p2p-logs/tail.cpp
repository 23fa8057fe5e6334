#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/system_random.hpp"
#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "logs/store.hpp"
#include "net/channel.hpp"
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
    printer_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (auto looked = warn_of_unknown_nodes(filter_.nodes, *client, session.report); !looked) return looked;
    return no_follow_ ? show_last(*client, session.out, std::move(*parameters))
                      : follow(*client, session, std::move(*parameters));
  }

 private:
  Attempt<void> show_last(cli::NodeClient& client, cli::Output& out, Json parameters) {
    if (lines_ == 0) return {};
    parameters["limit"] = lines_;
    const auto reply = client.get("/api/logs" + query_string(parameters));
    if (!reply) return reply.error();
    if (reply->status != 200) return cli::failure_of_status(reply->status, reply->body);
    const auto answer = parse_json(reply->body);
    if (!answer) return Failure(cli::kDamaged, answer.error().context);
    return take(*answer, out);
  }

  /// Prints a page or message and remembers where it ends.
  Attempt<void> take(const Json& answer, cli::Output& out) {
    const auto page = parse_page(answer);
    if (!page) return page.error();
    for (const auto& record : page->records) printer_.print(out, record);
    out.stream().flush();
    cursor_ = page->cursor;
    return {};
  }

  Attempt<void> take_message(const std::string& text, cli::Output& out) {
    const auto message = parse_json(text);
    if (!message) return Failure(cli::kDamaged, message.error().context);
    const std::string* type = find_string(*message, "type");
    if (type == nullptr || *type != "error") return take(*message, out);
    const std::string* detail = find_string(*message, "detail");
    const auto status = find_unsigned(*message, "status").value_or(500);
    Failure failed = cli::failure_of_status(static_cast<unsigned>(status), {});
    if (detail != nullptr) failed.message = *detail;
    return failed;
  }

  /// A connection that was there once is made again for ever; everything seen is marked by the cursor.
  Attempt<void> follow(cli::NodeClient& client, cli::Session& session, Json parameters) {
    parameters["last"] = lines_;
    milliseconds delay = kFirstDelay;
    bool lost = false;
    for (;;) {
      Attempt<void> taken;
      const auto on_message = [&](const net::Message& message) {
        if (std::exchange(lost, false)) session.report.note("connected again to " + client.address());
        delay = kFirstDelay;
        taken = take_message(message.data, session.out);
        return taken.has_value();
      };
      const auto end = client.stream("/ws/logs", dump_json(parameters), on_message);
      if (!taken) return taken.error();
      if (end && *end == cli::NodeClient::StreamEnd::interrupted) return Failure(cli::kInterrupted, "");
      if (!session.out.stream()) return {};  // nobody reads any more; main says so
      const bool worth_another =
          end || end.error().exit_code == cli::kUnreachable || end.error().exit_code == cli::kTimeout;
      if (!worth_another || cursor_.empty()) return end ? closed_at_once(client) : end.error();
      if (!std::exchange(lost, true))
        session.report.warning(fmt::format("lost the connection to {}; trying again", client.address()));
      parameters.erase("last");
      parameters["cursor"] = cursor_;
      std::this_thread::sleep_for(jittered(delay));
      delay = std::min(delay * 2, kLongestDelay);
    }
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
  RecordPrinter printer_;
  std::uint64_t lines_ = 10;
  bool no_follow_ = false;
  std::string cursor_;
};

}  // namespace

std::unique_ptr<cli::Command> make_tail_command() { return std::make_unique<TailCommand>(); }

}  // namespace p2p::logs
