// p2p-ctl services start, stop, restart.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "service_places.hpp"
#include "target_options.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using rpc::Target;

constexpr int kNotThere = static_cast<int>(rpc::Code::no_such_target);

/// Each node's answer as one flat object: node, name, state or error.
Json rows_of(const Json& answers) {
  Json out = Json::array();
  for (const Json& answer : answers) {
    Json row = {{"node", cli::member_text(answer, "node")}};
    if (const Json* result = find_member(answer, "result"); result != nullptr && result->is_object())
      row.update(*result);
    if (const Json* error = find_member(answer, "error"); error != nullptr) row["error"] = cli::message_of(*error);
    out.push_back(std::move(row));
  }
  return out;
}

class Control final : public cli::Command {
 public:
  explicit Control(std::string word) : word_(std::move(word)) {}

  void declare(cli::Options& options) override {
    options.argument("SERVICE", name_, "which service");
    places_.declare(options, "on this node; may be left out where only one has the service",
                    "on each node of this role that has it", "on each node that has it");
    options.duration("--timeout", "TIME", timeout_, "how long to wait, 1m by default");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto target = places_.target();
    if (!target) return target.error();
    if (auto good = check_name("service", name_); !good) return good;
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (*target && (*target)->kind == Target::Kind::all) return change_many(*client, **target, session.out);
    if (*target) return change_one(*client, **target, session.out);
    auto only = only_place_of(*client, name_);
    if (!only) return only.error();
    return change_one(*client, {Target::Kind::node, std::move(*only)}, session.out);
  }

 private:
  Attempt<Json> change(cli::NodeClient& client, const Target& target) const {
    return ask(client, "services." + word_, {{"name", name_}}, target, timeout_);
  }

  Attempt<void> change_one(cli::NodeClient& client, const Target& node, cli::Output& out) const {
    const auto done = change(client, node);
    if (!done) return unless_built_in(client, node, name_, with_place_hint(client, node.name, done.error()));
    show(out, Json::array({{{"node", node.name}, {"result", *done}}}));
    return {};
  }

  Attempt<void> change_many(cli::NodeClient& client, const Target& nodes, cli::Output& out) const {
    auto answers = change(client, nodes);
    if (!answers) return answers.error();
    Json having = Json::array();
    for (Json& answer : *answers) {
      const Json* error = find_member(answer, "error");
      const Json* code = error != nullptr ? find_member(*error, "code") : nullptr;
      if (code == nullptr || *code != kNotThere) having.push_back(std::move(answer));
    }
    if (having.empty()) {
      const std::string_view whose = nodes.role ? pki::to_string(*nodes.role) : "node";
      Failure failure(cli::kNotFound, fmt::format("no {} has a service \"{}\"", whose, name_), "p2p-ctl services");
      return unless_built_in(client, {Target::Kind::all}, name_, std::move(failure));
    }
    show(out, having);
    return cli::judge_broadcast(dump_json(having));
  }

  static void show(cli::Output& out, const Json& answers) {
    const Json rows = rows_of(answers);
    std::vector<cli::Column> columns{cli::member_column("NODE", "node"), cli::member_column("SERVICE", "name"),
                                     cli::state_column("STATE", "state")};
    if (std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.contains("error"); }))
      columns.push_back(cli::member_column("WHY", "error"));
    out.list(dump_json(rows), columns, "node");
  }

  std::string word_, name_;
  PlaceOptions places_;
  std::chrono::milliseconds timeout_{60'000};
};

}  // namespace

std::unique_ptr<cli::Command> make_services_start() { return std::make_unique<Control>("start"); }
std::unique_ptr<cli::Command> make_services_stop() { return std::make_unique<Control>("stop"); }
std::unique_ptr<cli::Command> make_services_restart() { return std::make_unique<Control>("restart"); }

}  // namespace p2p::ctl
