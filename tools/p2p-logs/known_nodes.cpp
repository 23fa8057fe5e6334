#include "known_nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;

/// None where the answer is a refusal.
Attempt<std::optional<Json>> get_json(cli::NodeClient& client, const std::string& path) {
  const auto reply = client.get(path);
  if (!reply) return reply.error();
  auto answer = parse_json(reply->body);
  return reply->status == 200 && answer ? std::optional(std::move(*answer)) : std::nullopt;
}

/// With records, or in the fleet; none where one of the two is not told.
Attempt<std::optional<std::set<std::string>>> known_nodes(cli::NodeClient& client) {
  const auto sources = get_json(client, "/api/logs/sources");
  if (!sources) return sources.error();
  const auto fleet = get_json(client, "/cluster/nodes");
  if (!fleet) return fleet.error();
  if (!*sources || !*fleet || !(*fleet)->is_array()) return std::optional<std::set<std::string>>();
  std::set<std::string> out;
  const Json* logged = find_member(**sources, "nodes");
  if (logged != nullptr && logged->is_array()) {
    for (const auto& name : *logged) {
      if (name.is_string()) out.insert(name.get<std::string>());
    }
  }
  for (const auto& node : **fleet) {
    if (const std::string* name = find_string(node, "node_id")) out.insert(*name);
  }
  return std::optional(std::move(out));
}

}  // namespace

Attempt<void> warn_of_unknown_nodes(const std::vector<std::string>& globs, cli::NodeClient& client,
                                    cli::Reporter& report) {
  if (globs.empty()) return {};
  const auto known = known_nodes(client);
  if (!known) return known.error();
  if (!*known) return {};
  const std::vector<std::string_view> names((*known)->begin(), (*known)->end());
  for (const auto& part : split(join(globs, ","), ',')) {
    const std::string_view glob = trim(part);
    const auto fits = [&](std::string_view name) { return glob_match(glob, name); };
    if (glob.empty() || std::any_of(names.begin(), names.end(), fits)) continue;
    report.warning(fmt::format("no node \"{}\" has records or is in the fleet{}", glob, did_you_mean(glob, names)));
  }
  return {};
}

Attempt<void> check_known_node(const std::string& name, cli::NodeClient& client) {
  const auto known = known_nodes(client);
  if (!known) return known.error();
  if (!*known || (*known)->contains(name)) return {};
  const std::vector<std::string_view> names((*known)->begin(), (*known)->end());
  return cli::Failure(cli::kNotFound,
                      fmt::format("no node \"{}\" has records or is in the fleet{}", name, did_you_mean(name, names)));
}

}  // namespace p2p::logs
