#include "service_places.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "fleet.hpp"

namespace p2p::ctl {

using cli::Attempt;
using cli::Failure;
using cli::member_text;
using rpc::Target;

namespace {

/// What is said instead of an error must not take long.
constexpr std::chrono::milliseconds kLookTimeout{3'000};

Failure built_in(const std::string& service) {
  return {cli::kUsage, fmt::format("the service \"{}\" is built in: it always runs", service), "p2p-ctl services"};
}

bool is_out_of_use(const Json& service) {
  const std::string state = member_text(service, "state");
  return state == "stopped" || state == "error";
}

/// What keeps calls that name no node from the service there, the most telling highest; 0: nothing does.
int idleness_of(const Json& service) {
  constexpr std::string_view kStates[] = {"stopped", "starting", "degraded", "error"};
  const auto* const found = std::ranges::find(kStates, member_text(service, "state"));
  return found == std::end(kStates) ? 0 : static_cast<int>(found - kStates) + 1;
}

/// Of a service that is idle.
std::string reason_of(const Json& service) {
  const std::string name = member_text(service, "name"), node = member_text(service, "node");
  const std::string state = member_text(service, "state"), error = member_text(service, "error");
  const std::string why = error.empty() ? "" : ": " + error;
  return fmt::format("service \"{}\" {} on node \"{}\"{}", name, state == "error" ? "cannot run" : "is " + state, node,
                     why);
}

std::string next_step(const Json& service) {
  const std::string name = member_text(service, "name"), node = member_text(service, "node");
  const std::string state = member_text(service, "state");
  if (state == "starting") return fmt::format("p2p-ctl wait service {} --node {}", name, node);
  return fmt::format("p2p-ctl services {} {} --node {}", state == "stopped" ? "start" : "describe", name, node);
}

}  // namespace

Failure unless_built_in(cli::NodeClient& client, const Target& target, const std::string& service, Failure failure) {
  if (failure.exit_code != cli::kNotFound) return failure;
  const auto list = ask_services(client, target, kLookTimeout);
  if (!list) return failure;
  for (const Json& one : list->services) {
    if (member_text(one, "name") == service && is_true(one, "builtin")) return built_in(service);
  }
  return failure;
}

Attempt<std::string> only_place_of(cli::NodeClient& client, const std::string& service) {
  const auto list = ask_services(client, {Target::Kind::all}, cli::kRequestTimeout);
  if (!list) return list.error();
  std::vector<std::string> nodes;
  std::vector<std::string> known;
  for (const Json& one : list->services) {
    const std::string name = member_text(one, "name");
    if (name == service && is_true(one, "builtin")) return built_in(service);
    if (name == service) nodes.push_back(member_text(one, "node"));
    if (known.empty() || known.back() != name) known.push_back(name);
  }
  if (nodes.size() == 1) return nodes.front();
  if (nodes.empty()) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    return Failure(cli::kNotFound, fmt::format("no node has a service \"{}\"{}", service, did_you_mean(service, names)),
                   "p2p-ctl services");
  }
  return Failure(cli::kUsage, fmt::format("{} nodes have the service \"{}\": {}", nodes.size(), service, few_of(nodes)),
                 "say which with --node ID, --role ROLE or --all");
}

Failure with_service_state(cli::NodeClient& client, const std::string& method, const std::optional<Target>& target,
                           Failure failure) {
  if (failure.exit_code != cli::kNotFound) return failure;
  const std::string service = method.substr(0, method.find_first_of("./"));
  const bool on_node = target && target->kind == Target::Kind::node;
  const auto list = ask_services(client, on_node ? *target : Target{Target::Kind::all}, kLookTimeout);
  if (!list) return failure;
  const Json* worst = nullptr;
  std::vector<std::string> others;
  for (const Json& one : list->services) {
    if (member_text(one, "name") != service) continue;
    // A node that was named passes calls to a program that starts or is degraded, and says itself what comes of it.
    if (on_node ? !is_out_of_use(one) : idleness_of(one) == 0) return failure;
    others.push_back(member_text(one, "node"));
    if (worst == nullptr || idleness_of(one) > idleness_of(*worst)) worst = &one;
  }
  if (worst == nullptr) return failure;
  std::erase(others, member_text(*worst, "node"));
  const std::string nor = others.empty() ? "" : fmt::format("; nor does it run on {}", few_of(others));
  return {cli::kFailed, reason_of(*worst) + nor, next_step(*worst)};
}

std::map<std::string, std::string> places_of(cli::NodeClient& client, const std::string& service) {
  std::map<std::string, std::string> out;
  const auto list = ask_services(client, {Target::Kind::all}, kLookTimeout);
  if (!list) return out;
  for (const Json& one : list->services) {
    if (member_text(one, "name") != service || is_true(one, "builtin")) continue;
    out[member_text(one, "node")] = is_out_of_use(one) ? reason_of(one) : "";
  }
  return out;
}

Failure with_place_hint(cli::NodeClient& client, const std::string& node, Failure failure) {
  if (failure.exit_code != cli::kNotFound) return failure;
  const auto found = find_node(client, node, kLookTimeout);
  const bool absent = found && found->is_null();
  failure.hint = absent ? "p2p-ctl nodes" : "p2p-ctl services --node " + node;
  return failure;
}

}  // namespace p2p::ctl
