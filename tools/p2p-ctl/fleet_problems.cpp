#include "fleet_problems.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "dashboard/judgement.hpp"
#include "fleet.hpp"
#include "rpc/method_name.hpp"
#include "rpc/outcome.hpp"

namespace p2p::ctl {

using cli::Attempt;
using cli::member_text;

namespace {

/// The list of that name; empty where there is none.
Json list_of(const Json& object, const char* key) {
  const Json* list = find_member(object, key);
  return list != nullptr && list->is_array() ? *list : Json::array();
}

/// Not one that is only just being dropped: it may be taken out for good.
bool is_dropped(const Json& node) {
  const Json* certificate = find_member(node, "certificate");
  return certificate != nullptr && member_text(*certificate, "state") == "revoked" &&
         member_text(node, "status") == "dead";
}

/// Those that are missing in `nodes`.
Json revoked_nodes(const Json& problems, const Json& nodes) {
  Json out = Json::array();
  for (const Json& node : list_of(problems, "nodes")) {
    const std::string name = member_text(node, "node_id");
    if (!is_dropped(node) || !node_of(nodes, name).is_null()) continue;
    Json row = {{"node_id", name},
                {"role", ""},
                {"status", "revoked"},
                {"version", ""},
                {"addresses", Json::array()},
                {"services", Json::array()},
                {"link", false},
                {"draining", false}};
    for (const char* key :
         {"incarnation", "started_at", "last_seen", "last_seen_ms", "dialable", "clock_offset_ms", "revoked_at"}) {
      row[key] = nullptr;
    }
    for (const char* key : {"role", "version", "addresses", "started_at", "last_seen", "last_seen_ms"}) {
      if (const Json* value = find_member(node, key)) row[key] = *value;
    }
    if (const Json* at = find_member(node["certificate"], "revoked_at")) row["revoked_at"] = *at;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Attempt<Json> ask_problems(cli::NodeClient& client) {
  auto problems = ask(client, "cluster.problems", {}, std::nullopt, cli::kRequestTimeout);
  if (problems) return problems;
  const auto code = problems.error().rpc_code;
  const bool is_withheld =
      code == static_cast<int>(rpc::Code::method_not_found) || code == static_cast<int>(rpc::Code::not_permitted);
  return is_withheld ? Attempt<Json>(Json()) : problems;
}

Json problem_rows(const Json& problems, const std::string& coordinator) {
  Json out = Json::array();
  const auto add = [&](const std::string& node, const std::string& health, const Json& sentences) {
    for (const Json& sentence : sentences) {
      if (sentence.is_string()) out.push_back({{"node", node}, {"health", health}, {"problem", sentence}});
    }
  };
  add(coordinator, "failing", list_of(problems, "fleet"));
  const Json nodes = list_of(problems, "nodes");
  for (const char* health : {"failing", "warning"}) {
    for (const Json& node : nodes) {
      if (member_text(node, "health") == health) add(member_text(node, "node_id"), health, list_of(node, "problems"));
    }
  }
  return out;
}

Attempt<FleetView> ask_fleet(cli::NodeClient& client) {
  auto nodes = ask_nodes(client, cli::kRequestTimeout);
  if (!nodes) return nodes.error();
  auto problems = ask_problems(client);
  if (!problems) return problems.error();
  const Json revoked = revoked_nodes(*problems, *nodes);
  nodes->insert(nodes->end(), revoked.begin(), revoked.end());
  return FleetView{std::move(*nodes), std::move(*problems)};
}

void add_failing(Json& services, const Json& problems) {
  for (const Json& node : list_of(problems, "nodes")) {
    for (Json failing : list_of(node, "failing")) {
      const std::string method = member_text(failing, "method");
      const auto service = std::ranges::find_if(services, [&](const Json& one) {
        return member_text(one, "node") == member_text(node, "node_id") &&
               member_text(one, "name") == rpc::service_of(method);
      });
      if (service == services.end()) continue;
      failing["method"] = rpc::bare_method(method);
      (*service)["failing"].push_back(std::move(failing));
    }
  }
}

std::string trouble_of(const Json& service) {
  if (std::string error = member_text(service, "error"); !error.empty()) return error;  // why calls fail, if they do
  std::vector<std::string> out;
  for (const Json& failing : list_of(service, "failing")) {
    const Json* share = find_member(failing, "share");
    const double part = share != nullptr && share->is_number() ? share->get<double>() : 0;
    out.push_back(dashboard::text_of({member_text(failing, "method"), part, member_text(failing, "error")}));
  }
  return join(out, "; ");
}

}  // namespace p2p::ctl
