#include "rpc/target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::rpc {
namespace {

Error unknown_target(std::string_view text) {
  return {Errc::invalid, fmt::format("target \"{}\" is none of node:ID, role:worker, role:coordinator, service:NAME, "
                                     "all, all:worker, all:coordinator",
                                     escape_controls(text.substr(0, 100)))};
}

std::optional<pki::Role> node_role(std::string_view text) {
  const auto role = pki::parse_role(text);
  return role && *role != pki::Role::operator_ ? role : std::nullopt;
}

bool offers(const Candidate& member, std::string_view service) {
  return std::find(member.services.begin(), member.services.end(), service) != member.services.end();
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (text == "all") return Target{Target::Kind::all};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return unknown_target(text);
  const std::string_view kind = text.substr(0, colon);
  const std::string_view value = text.substr(colon + 1);
  if (kind == "node" && is_valid_name(value)) return Target{Target::Kind::node, std::string(value)};
  if (kind == "service" && is_valid_name(value)) return Target{Target::Kind::service, std::string(value)};
  const auto role = node_role(value);
  if (kind == "role" && role) return Target{Target::Kind::role, {}, role};
  if (kind == "all" && role) return Target{Target::Kind::all, {}, role};
  return unknown_target(text);
}

std::string to_text(const Target& target) {
  const std::string role = target.role ? std::string(pki::to_string(*target.role)) : std::string();
  switch (target.kind) {
    case Target::Kind::node: return "node:" + target.name;
    case Target::Kind::service: return "service:" + target.name;
    case Target::Kind::role: return "role:" + role;
    case Target::Kind::all: return role.empty() ? "all" : "all:" + role;
  }
  return {};
}

std::vector<const Candidate*> matching(std::span<const Candidate> members, const Target& target,
                                       std::string_view service) {
  const auto fits = [&](const Candidate& member) {
    if (member.draining && target.kind != Target::Kind::node) return false;
    switch (target.kind) {
      case Target::Kind::node: return member.node_id == target.name;
      case Target::Kind::service: return member.alive && offers(member, target.name);
      case Target::Kind::role: return member.alive && member.role == target.role;
      case Target::Kind::all: return !target.role || member.role == target.role;
    }
    return false;
  };
  std::vector<const Candidate*> found;
  for (const Candidate& member : members) {
    if (fits(member)) found.push_back(&member);
  }
  if (target.kind != Target::Kind::role && target.kind != Target::Kind::all) return found;
  std::vector<const Candidate*> offering;
  std::copy_if(found.begin(), found.end(), std::back_inserter(offering),
               [&](const Candidate* member) { return offers(*member, service); });
  return offering.empty() ? found : offering;
}

}  // namespace p2p::rpc
