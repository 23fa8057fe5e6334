#include "acme/policy.hpp"

#include <fmt/format.h>

#include <string>

#include "acme/identifier.hpp"

namespace p2p::acme {
namespace {

/// What the CA puts into every node's certificate.
const std::vector<pki::SubjectName> kNodeLoopback = {{pki::SubjectName::Kind::dns, "localhost"},
                                                     {pki::SubjectName::Kind::ip, "127.0.0.1"},
                                                     {pki::SubjectName::Kind::ip, "::1"}};

/// Empty when the name may be validated.
std::string refusal_of(const pki::SubjectName& name, const IsReserved& is_reserved) {
  if (is_loopback(name)) return fmt::format("{} means another machine to everyone who reads it", name.text);
  if (is_wildcard(name)) return fmt::format("{} cannot be validated by http-01", name.text);
  if (is_reserved(name)) return fmt::format("{} belongs, or is promised by an invitation, to another node", name.text);
  return {};
}

}  // namespace

bool is_granted(const Grant& grant, const pki::SubjectName& name) {
  if (!grant.name.empty() && same_name(pki::subject_name_of_node(grant.name), name)) return true;
  const bool is_node = grant.role && grant.role != pki::Role::operator_;
  return (is_node && contains(kNodeLoopback, name)) || contains(grant.names, name);
}

Outcome<void> check_names(const Grant& grant, std::span<const pki::SubjectName> names, const IsReserved& is_reserved) {
  std::vector<Subproblem> refused;
  for (const auto& name : names) {
    if (is_granted(grant, name)) continue;
    if (auto why = refusal_of(name, is_reserved); !why.empty()) {
      refused.push_back({ProblemType::rejected_identifier, std::move(why), name});
    }
  }
  if (refused.empty()) return boost::system::in_place_value;
  Refusal out(ProblemType::rejected_identifier, refused.size() == 1
                                                    ? refused.front().detail
                                                    : fmt::format("{} of the names are refused", refused.size()));
  out.subproblems = std::move(refused);  // even one: a client then knows without which name it could go on
  return out;
}

}  // namespace p2p::acme
