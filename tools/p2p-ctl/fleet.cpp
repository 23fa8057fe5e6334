#include "fleet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/rpc_failure.hpp"
#include "natural_order.hpp"

namespace p2p::ctl {

using cli::Attempt;
using cli::Failure;
using cli::member_text;

Attempt<Json> ask(cli::NodeClient& client, const std::string& method, const Json& params,
                  const std::optional<rpc::Target>& target, std::chrono::milliseconds timeout) {
  const auto answer = client.rpc(method, params.is_null() ? std::string() : dump_json(params), target, timeout);
  if (!answer) return answer.error();
  auto parsed = parse_json(*answer);
  if (!parsed) return Failure(cli::kDamaged, fmt::format("the answer of {}: {}", method, parsed.error().context));
  return std::move(*parsed);
}

Attempt<Json> ask_nodes(cli::NodeClient& client, std::chrono::milliseconds timeout) {
  auto nodes = ask(client, "cluster.nodes", {}, std::nullopt, timeout);
  if (nodes && !nodes->is_array()) return Failure(cli::kDamaged, "the answer of cluster.nodes is not a list");
  return nodes;
}

Json node_of(const Json& nodes, const std::string& name) {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const Json& node) { return member_text(node, "node_id") == name; });
  return found == nodes.end() ? Json() : *found;
}

std::string meant_node(const Json& nodes, const std::string& name) {
  std::vector<std::string> known;
  for (const Json& node : nodes) known.push_back(member_text(node, "node_id"));
  return did_you_mean(name, std::vector<std::string_view>(known.begin(), known.end()));
}

Attempt<Json> find_node(cli::NodeClient& client, const std::string& name, std::chrono::milliseconds timeout) {
  const auto nodes = ask_nodes(client, timeout);
  if (!nodes) return nodes.error();
  return node_of(*nodes, name);
}

Attempt<ServiceList> ask_services(cli::NodeClient& client, const rpc::Target& target,
                                  std::chrono::milliseconds timeout) {
  auto answers = ask(client, "services.list", {}, target, timeout);
  if (!answers) return answers.error();
  ServiceList out;
  if (target.kind == rpc::Target::Kind::node) {
    answers = Json::array({{{"node", target.name}, {"result", std::move(*answers)}}});
  } else {
    out.complete = cli::judge_broadcast(dump_json(*answers));
  }
  for (const Json& answer : *answers) {
    const Json* services = find_member(answer, "result");
    if (services == nullptr || !services->is_array()) continue;
    for (Json service : *services) {
      if (!service.is_object()) continue;
      service["node"] = member_text(answer, "node");
      out.services.push_back(std::move(service));
    }
  }
  std::stable_sort(out.services.begin(), out.services.end(), [](const Json& a, const Json& b) {
    const std::string x = member_text(a, "name"), y = member_text(b, "name");
    return x != y ? natural_less(x, y) : natural_less(member_text(a, "node"), member_text(b, "node"));
  });
  return out;
}

cli::Cell version_cell(const Json& service) {
  const cli::Cell cell = cli::member_cell(service, "version");
  return cell.text == "0" ? cli::Cell{"-", cli::Style::dim} : cell;  // what a manifest without one counts as
}

std::string few_of(const std::vector<std::string>& names, std::size_t shown) {
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), shown)));
  return join(first, ", ") + (names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "");
}

Attempt<void> check_name(std::string_view what, const std::string& name) {
  if (is_valid_name(name)) return {};
  return Failure(cli::kUsage, fmt::format("\"{}\" is not the name of a {}", name.substr(0, 64), what));
}

}  // namespace p2p::ctl
