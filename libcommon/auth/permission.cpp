#include "auth/permission.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"

namespace p2p::auth {
namespace {

struct Name {
  Permission permission;
  std::string_view text;
};

constexpr std::array kScopes = {
    Name{Permission::rpc_call, "rpc:call"},
    Name{Permission::services_control, "services:control"},
    Name{Permission::logs_read, "logs:read"},
    Name{Permission::logs_clear, "logs:clear"},
    Name{Permission::certs_read, "certs:read"},
    Name{Permission::certs_manage, "certs:manage"},
    Name{Permission::cluster_read, "cluster:read"},
    Name{Permission::metrics_read, "metrics:read"},
    Name{Permission::admin, "admin"},
};

constexpr std::uint32_t bit_of(Permission permission) { return 1U << static_cast<unsigned>(permission); }

/// Of one with an identity.
std::string_view kind_of(const Caller& caller) {
  if (caller.is_session()) return "session";
  return caller.token_id.empty() ? pki::to_string(caller.identity->role) : "token";
}

/// One with an identity.
bool may(const Caller& caller, Permission permission) {
  const Scopes& scopes = caller.scopes;
  switch (permission) {
    case Permission::authenticated: return true;
    case Permission::node: return caller.is_node();
    case Permission::services_read: return scopes.has(Permission::rpc_call) || scopes.has(Permission::cluster_read);
    default: return scopes.has(permission);
  }
}

/// Taken off the text; none at its end.
std::optional<std::string_view> next_word(std::string_view& text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(", "), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!word.empty()) return word;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Permission permission) noexcept {
  switch (permission) {
    case Permission::open: return "nothing";
    case Permission::authenticated: return "a certificate or token";
    case Permission::node: return "a node's certificate";
    case Permission::services_read: return "rpc:call or cluster:read";
    default: break;
  }
  for (const auto& scope : kScopes) {
    if (scope.permission == permission) return scope.text;
  }
  return "admin";
}

std::optional<Permission> parse_scope(std::string_view text) noexcept {
  for (const auto& scope : kScopes) {
    if (scope.text == text) return scope.permission;
  }
  return std::nullopt;
}

Scopes Scopes::all() {
  Scopes out;
  for (const auto& scope : kScopes) out.add(scope.permission);
  return out;
}

Scopes Scopes::of_role(pki::Role role) {
  Scopes out;
  switch (role) {
    case pki::Role::operator_: return all();
    case pki::Role::coordinator:
      out.add(Permission::cluster_read);
      out.add(Permission::metrics_read);
      out.add(Permission::rpc_call);
      return out;
    case pki::Role::worker: return out;
  }
  return out;
}

Result<Scopes> Scopes::parse(std::string_view text) {
  Scopes out;
  while (const auto word = next_word(text)) {
    const auto permission = parse_scope(*word);
    if (!permission) {
      return Error(Errc::invalid, fmt::format("\"{}\" is not a scope", escape_controls(word->substr(0, 64))));
    }
    out.add(*permission);
  }
  return out;
}

Scopes Scopes::parse_known(std::string_view text) {
  Scopes out;
  while (const auto word = next_word(text)) {
    if (const auto permission = parse_scope(*word)) out.add(*permission);
  }
  return out;
}

void Scopes::add(Permission permission) { bits_ |= bit_of(permission); }
bool Scopes::has(Permission permission) const { return (bits_ & bit_of(permission)) != 0; }
bool Scopes::contains(const Scopes& other) const { return (other.bits_ & ~bits_) == 0; }

std::string Scopes::to_text() const {
  std::string out;
  for (const auto& scope : kScopes) {
    if (!has(scope.permission)) continue;
    if (!out.empty()) out += ',';
    out += scope.text;
  }
  return out;
}

std::string caller_name(const Caller& caller) {
  if (!caller.identity) return "anonymous";
  return fmt::format("{}/{}", kind_of(caller), caller.identity->name);
}

Result<void> require(const Caller& caller, Permission permission) {
  if (permission == Permission::open) return {};
  if (!caller.identity) {
    return Error(Errc::not_permitted, fmt::format("credentials are needed: this requires {}", to_string(permission)));
  }
  if (may(caller, permission)) return {};
  return Error(Errc::not_permitted, fmt::format("{} \"{}\" may not do that: it requires {}", kind_of(caller),
                                                caller.identity->name, to_string(permission)));
}

}  // namespace p2p::auth
