#include "pki/identity.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"

namespace p2p::pki {
namespace {

constexpr std::string_view kScheme = "spiffe://";
// Longer than any URI of three valid names; what an error quotes of a longer one is cut.
constexpr std::size_t kMaxUriLength = 256;

struct RoleName {
  Role role;
  std::string_view text;
};
constexpr std::array<RoleName, 3> kRoles{{
    {Role::worker, "worker"},
    {Role::coordinator, "coordinator"},
    {Role::operator_, "operator"},
}};

Error wrong_uri(std::string_view uri, std::string_view why) {
  return {Errc::invalid, fmt::format("\"{}\": {}", escape_controls(uri.substr(0, kMaxUriLength)), why)};
}

}  // namespace

std::string_view to_string(Role role) noexcept {
  for (const auto& entry : kRoles) {
    if (entry.role == role) return entry.text;
  }
  return "unknown";
}

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (const auto& entry : kRoles) {
    if (entry.text == text) return entry.role;
  }
  return std::nullopt;
}

std::string Identity::uri() const { return fmt::format("{}{}/{}/{}", kScheme, cluster_name, to_string(role), name); }

Result<Identity> parse_identity_uri(std::string_view uri) {
  if (uri.size() > kMaxUriLength || !uri.starts_with(kScheme)) return wrong_uri(uri, "not a spiffe:// identity");
  const auto parts = split(uri.substr(kScheme.size()), '/');
  if (parts.size() != 3) return wrong_uri(uri, "not of the form spiffe://CLUSTER/ROLE/NAME");
  const auto role = parse_role(parts[1]);
  if (!role) return wrong_uri(uri, "no such role");
  if (!is_valid_name(parts[0]) || !is_valid_name(parts[2])) return wrong_uri(uri, "not a valid name in it");
  return Identity{parts[0], *role, parts[2]};
}

std::string cluster_uri(std::string_view cluster_name) { return fmt::format("{}{}", kScheme, cluster_name); }

Result<std::string> parse_cluster_uri(std::string_view uri) {
  if (!uri.starts_with(kScheme) || !is_valid_name(uri.substr(kScheme.size()))) {
    return wrong_uri(uri, "not of the form spiffe://CLUSTER");
  }
  return std::string(uri.substr(kScheme.size()));
}

}  // namespace p2p::pki
