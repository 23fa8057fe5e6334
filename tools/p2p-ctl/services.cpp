#include <algorithm>
#include <map>
#include <tuple>

#include "commands.hpp"
#include "fleet.hpp"
#include "target_options.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::member_text;

/// For people: one row for all nodes that have a service in the same version and state, for the same reason.
Json grouped(const Json& services) {
  using Same = std::tuple<std::string, std::string, std::string, std::string>;
  std::vector<Same> order;
  std::map<Same, std::vector<std::string>> nodes;
  for (const Json& service : services) {
    Same same{member_text(service, "name"), member_text(service, "version"), member_text(service, "state"),
              member_text(service, "error")};
    auto& names = nodes[same];
    if (names.empty()) order.push_back(same);
    names.push_back(member_text(service, "node"));
  }
  Json out = Json::array();
  for (const Same& same : order) {
    const auto& [name, version, state, error] = same;
    out.push_back({{"name", name}, {"version", version}, {"state", state}, {"node", few_of(nodes[same])}});
    if (!error.empty()) out.back()["error"] = error;
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
    const auto list = ask_services(*client, target->value_or(everywhere), cli::kRequestTimeout);
    if (!list) return list.error();
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
    const auto has_reason = [](const Json& service) { return service.contains("error"); };
    if (std::any_of(services.begin(), services.end(), has_reason)) columns.push_back(reason_column());
    const bool table = out.format() == cli::Format::table;
    out.list(dump_json(table ? grouped(services) : services), columns, "name");
  }

  static cli::Column reason_column() {
    return {"WHY", [](const Json& service) { return cli::Cell{member_text(service, "error")}; }};
  }

  PlaceOptions places_;
};

}  // namespace

std::unique_ptr<cli::Command> make_services() { return std::make_unique<Services>(); }

}  // namespace p2p::ctl
