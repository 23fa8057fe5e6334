#include <algorithm>
#include <map>
#include <tuple>

#include "commands.hpp"
#include "fleet.hpp"
#include "fleet_problems.hpp"
#include "target_options.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::member_text;

/// For people: one row for all nodes that have a service in the same version and state, for the same reason (`why`).
Json grouped(const Json& services) {
  using Same = std::tuple<std::string, std::string, std::string, std::string>;
  std::vector<Same> order;
  std::map<Same, std::vector<std::string>> nodes;
  for (const Json& service : services) {
    Same same{member_text(service, "name"), member_text(service, "version"), member_text(service, "state"),
              trouble_of(service)};
    auto& names = nodes[same];
    if (names.empty()) order.push_back(same);
    names.push_back(member_text(service, "node"));
  }
  Json out = Json::array();
  for (const Same& same : order) {
    const auto& [name, version, state, trouble] = same;
    out.push_back({{"name", name}, {"version", version}, {"state", state}, {"node", few_of(nodes[same])}});
    if (!trouble.empty()) out.back()["why"] = trouble;
  }
  return out;
}

class Services final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    places_.declare(options, "of this node only", "of nodes of this role only", "of every node, which is the default");
  }

  Attempt<void> run(cli::Session& session) override {
    const auto target = places_.target();
    if (!target) return target.error();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const rpc::Target everywhere{rpc::Target::Kind::all};
    auto list = ask_services(*client, target->value_or(everywhere), cli::kRequestTimeout);
    if (!list) return list.error();
    const auto problems = ask_problems(*client);
    if (!problems) return problems.error();
    add_failing(list->services, *problems);
    show(session.out, list->services);
    return list->complete;
  }

 private:
  static void show(cli::Output& out, const Json& services) {
    std::vector<cli::Column> columns{
        cli::member_column("SERVICE", "name"),
        {"VERSION", version_cell},
        cli::state_column("STATE", "state"),
        cli::member_column("NODE", "node"),
    };
    const Json rows = out.format() == cli::Format::table ? grouped(services) : services;
    const auto has_reason = [](const Json& row) { return row.contains("why"); };
    if (std::any_of(rows.begin(), rows.end(), has_reason)) {
      columns.push_back({"WHY", [](const Json& row) { return cli::Cell{member_text(row, "why")}; }});
    }
    out.list(dump_json(rows), columns, "name");
  }

  PlaceOptions places_;
};

}  // namespace

std::unique_ptr<cli::Command> make_services() { return std::make_unique<Services>(); }

}  // namespace p2p::ctl
