#include "pki/identity.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace p2p::pki {
namespace {
constexpr std::string_view kScheme = "spiffe://";
}

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::worker: return "worker";
    case Role::coordinator: return "coordinator";
    case Role::operator_: return "operator";
  }
  return "worker";
}

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (const Role role : {Role::worker, Role::coordinator, Role::operator_}) {
    if (text == to_string(role)) return role;
  }
  return std::nullopt;
}

std::string Identity::uri() const { return fmt::format("{}{}/{}/{}", kScheme, cluster_name, to_string(role), name); }

Result<Identity> parse_identity_uri(std::string_view uri) {
  const Error wrong(Errc::invalid, fmt::format("\"{}\" is not spiffe://<cluster>/<role>/<name>",
                                               escape_controls(uri.substr(0, 256))));
  if (!uri.starts_with(kScheme)) return wrong;
  const auto parts = split(uri.substr(kScheme.size()), '/');
  if (parts.size() != 3 || !is_valid_name(parts[0]) || !is_valid_name(parts[2])) return wrong;
  const auto role = parse_role(parts[1]);
  if (!role) return wrong;
  return Identity{parts[0], *role, parts[2]};
}

}  // namespace p2p::pki
