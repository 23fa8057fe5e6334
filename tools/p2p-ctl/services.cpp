#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "cli/node_client.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "natural_order.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::member_text;

constexpr std::size_t kShownNodes = 3;  // in one cell of the table

/// Every service of every answer, with its node.
Json flattened(const Json& answers) {
  Json out = Json::array();
  for (const Json& answer : answers) {
    const Json* services = find_member(answer, "result");
    if (services == nullptr || !services->is_array()) continue;
    for (Json service : *services) {
      if (!service.is_object()) continue;
      service["node"] = member_text(answer, "node");
      out.push_back(std::move(service));
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Json& a, const Json& b) {
    const std::string x = member_text(a, "name"), y = member_text(b, "name");
    return x != y ? natural_less(x, y) : natural_less(member_text(a, "node"), member_text(b, "node"));
  });
  return out;
}

/// For people: one row for all nodes that have a service in the same version and state.
Json grouped(const Json& services) {
  using Same = std::tuple<std::string, std::string, std::string>;
  std::vector<Same> order;
  std::map<Same, std::vector<std::string>> nodes;
  for (const Json& service : services) {
    Same same{member_text(service, "name"), member_text(service, "version"), member_text(service, "state")};
    auto& names = nodes[same];
    if (names.empty()) order.push_back(same);
    names.push_back(member_text(service, "node"));
  }
  Json out = Json::array();
  for (const Same& same : order) {
    const auto& names = nodes[same];
    std::string shown;
    for (std::size_t i = 0; i < std::min(names.size(), kShownNodes); ++i) shown += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kShownNodes) shown += fmt::format(" and {} more", names.size() - kShownNodes);
    out.push_back(
        {{"name", std::get<0>(same)}, {"version", std::get<1>(same)}, {"state", std::get<2>(same)}, {"node", shown}});
  }
  return out;
}

class Services final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.text("--node", "ID", node_, "of this node only");
    options.choice("--role", "ROLE", role_, {"worker", "coordinator"}, "of nodes of this role only");
    options.flag("--all", all_, "of every node, which is the default");
  }

  Attempt<void> run(cli::Session& session) override {
    if (!node_.empty() && (all_ || !role_.empty()))
      return cli::Failure(cli::kUsage, "--node excludes --role and --all");
    rpc::Target target{rpc::Target::Kind::all, {}, pki::parse_role(role_)};
    if (!node_.empty()) target = {rpc::Target::Kind::node, node_};
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto result = client->rpc("services.list", {}, target, cli::kRequestTimeout);
    if (!result) return result.error();
    auto answers = parse_json(*result);
    if (!answers) return cli::Failure(cli::kDamaged, answers.error().context);
    if (!node_.empty()) answers = Json::array({{{"node", node_}, {"result", *answers}}});
    show(session.out, flattened(*answers));
    return node_.empty() ? cli::judge_broadcast(*result) : Attempt<void>();
  }

 private:
  static void show(cli::Output& out, const Json& services) {
    const std::vector<cli::Column> columns{
        cli::member_column("SERVICE", "name"),
        cli::member_column("VERSION", "version"),
        cli::state_column("STATE", "state"),
        cli::member_column("NODE", "node"),
    };
    const bool table = out.format() == cli::Format::table;
    out.list(dump_json(table ? grouped(services) : services), columns, "name");
  }

  std::string node_, role_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_services() { return std::make_unique<Services>(); }

}  // namespace p2p::ctl
