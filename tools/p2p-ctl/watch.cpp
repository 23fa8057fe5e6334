// p2p-ctl watch: one line for each change of the fleet's nodes or services, until Ctrl-C.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "changes.hpp"
#include "cli/json_view.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "interrupt.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using cli::member_text;
using std::chrono::milliseconds;

constexpr milliseconds kWatchTimeout{10'000};
constexpr milliseconds kShortestWatch{100};

/// Nodes by name, with what is worth a line when it changes.
Attempt<Subjects> look_at_nodes(cli::NodeClient& client) {
  const auto nodes = ask_nodes(client, kWatchTimeout);
  if (!nodes) return nodes.error();
  Subjects out;
  for (const Json& node : *nodes) {
    const Json* addresses = find_member(node, "addresses");
    const bool listed = addresses != nullptr && addresses->is_array() && !addresses->empty();
    out[{member_text(node, "node_id"), ""}] = {
        {"status", member_text(node, "status")},
        {"version", member_text(node, "version")},
        {"started_at", member_text(node, "started_at")},
        {"address", listed && addresses->front().is_string() ? addresses->front().get<std::string>() : ""}};
  }
  return out;
}

/// Services by node and name. Those of a node that does not answer are of an unknown state.
Attempt<Subjects> look_at_services(cli::NodeClient& client, const Subjects& before) {
  const auto answers = ask(client, "services.list", {}, rpc::Target{rpc::Target::Kind::all}, kWatchTimeout);
  if (!answers) return answers.error();
  Subjects out;
  for (const Json& answer : *answers) {
    const std::string node = member_text(answer, "node");
    const Json* services = find_member(answer, "result");
    if (services == nullptr || !services->is_array()) {
      for (const auto& [subject, facts] : before) {
        if (subject.node == node) out[subject] = {{"state", "unknown"}};
      }
      continue;
    }
    for (const Json& service : *services) {
      out[{node, member_text(service, "name")}] = {{"state", member_text(service, "state")},
                                                   {"version", member_text(service, "version")},
                                                   {"error", member_text(service, "error")}};
    }
  }
  return out;
}

class Watch final : public cli::Command {
 public:
  explicit Watch(bool services) : services_(services) {}

  void declare(cli::Options& options) override {
    options.duration("--interval", "TIME", interval_, "how often to look, 1s by default", kShortestWatch);
  }

  Attempt<void> run(cli::Session& session) override {
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    end_when_interrupted(nullptr);
    auto first = look(*client, {});
    if (!first) return first.error();
    session.report.note(fmt::format("watching {} {} of {}; Ctrl-C ends", first->size(),
                                    services_ ? "services" : "nodes", client->address()));
    return follow(*client, session, std::move(*first));
  }

 private:
  Attempt<Subjects> look(cli::NodeClient& client, const Subjects& before) const {
    return services_ ? look_at_services(client, before) : look_at_nodes(client);
  }

  Attempt<void> follow(cli::NodeClient& client, cli::Session& session, Subjects before) {
    for (bool lost = false;;) {
      std::this_thread::sleep_for(interval_);
      auto now = look(client, before);
      if (!now) {
        if (now.error().exit_code != cli::kUnreachable && now.error().exit_code != cli::kTimeout) return now.error();
        if (!std::exchange(lost, true))
          session.report.warning(fmt::format("lost the connection to {}; trying again", client.address()));
        continue;
      }
      if (std::exchange(lost, false)) session.report.note("connected again to " + client.address());
      const std::string time = format_rfc3339(SystemClock().wall(), 0);
      for (const Change& change : changes_between(before, *now)) print(session.out, time, change);
      session.out.stream().flush();
      if (!session.out.stream()) return {};  // nobody reads any more; main says so
      before = std::move(*now);
    }
  }

  static void print(cli::Output& out, const std::string& time, const Change& change) {
    if (out.format() == cli::Format::table) {
      out.stream() << time << "  " << escape_controls(sentence_of(change)) << '\n';
    } else if (out.format() == cli::Format::name) {
      out.stream() << escape_controls(change.subject.name.empty() ? change.subject.node : change.subject.name) << '\n';
    } else {
      Json line = to_json(change);
      line["time"] = time;
      if (out.format() == cli::Format::yaml)
        out.stream() << "---\n" << cli::to_yaml(dump_json(line));
      else
        out.stream() << cli::compact_json(dump_json(line)) << '\n';
    }
  }

  bool services_;
  milliseconds interval_{1'000};
};

}  // namespace

std::unique_ptr<cli::Command> make_watch_nodes() { return std::make_unique<Watch>(false); }
std::unique_ptr<cli::Command> make_watch_services() { return std::make_unique<Watch>(true); }

}  // namespace p2p::ctl
