#include <fmt/format.h>

#include "auth/permission.hpp"
#include "auth/token.hpp"
#include "base/text.hpp"

namespace p2p::auth {
namespace {

constexpr std::string_view kTokenPart = ";token=";

}  // namespace

bool Caller::is_node() const { return identity && over_p2p && identity->role != pki::Role::operator_; }

std::string Caller::to_stated() const {
  if (!identity) return {};
  std::string out = fmt::format("{}/{};{}", pki::to_string(identity->role), identity->name, scopes.to_text());
  if (!token_id.empty()) out.append(kTokenPart).append(token_id);
  return out;
}

Result<Caller> parse_stated_caller(std::string_view header) {
  const Error wrong(Errc::invalid,
                    fmt::format("\"{}\" is not role/name;scope,scope", escape_controls(header.substr(0, 256))));
  const std::size_t slash = header.find('/');
  const std::size_t semicolon = header.find(';');
  if (slash == std::string_view::npos || semicolon == std::string_view::npos || semicolon < slash) return wrong;
  const auto role = pki::parse_role(header.substr(0, slash));
  const std::string_view name = header.substr(slash + 1, semicolon - slash - 1);
  if (!role || !is_valid_name(name)) return wrong;
  const std::size_t token = header.find(kTokenPart, semicolon + 1);
  auto scopes = Scopes::parse(token == std::string_view::npos ? header.substr(semicolon + 1)
                                                              : header.substr(semicolon + 1, token - semicolon - 1));
  if (!scopes) return scopes.error();
  Caller out;
  if (token != std::string_view::npos) {
    out.token_id = header.substr(token + kTokenPart.size());
    if (!is_token_id(out.token_id)) return wrong;
  }
  out.identity = pki::Identity{{}, *role, std::string(name)};
  out.scopes = *scopes;
  return out;
}

}  // namespace p2p::auth
