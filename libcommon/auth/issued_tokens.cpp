#include "auth/issued_tokens.hpp"

#include "base/text.hpp"

namespace p2p::auth {

Result<void> IssuedTokens::add(IssuedToken issued) {
  if (issued_.size() >= kMaxRevokedTokens) {
    return Error(Errc::limited, "too many tokens are valid already: revoke some, or give them shorter lives");
  }
  issued_.push_back(std::move(issued));
  return {};
}

void IssuedTokens::drop_expired(WallTime now) {
  std::erase_if(issued_, [now](const auto& issued) { return now >= issued.token.expires_at + kTokenLeeway; });
}

void IssuedTokens::remove(std::string_view id) {
  std::erase_if(issued_, [id](const auto& issued) { return issued.token.id == id; });
}

std::vector<RevokedToken> IssuedTokens::find(std::string_view id_or_subject) const {
  std::vector<RevokedToken> out;
  for (const auto& [token, asked_by] : issued_) {
    if (token.id == id_or_subject || token.subject == id_or_subject) out.push_back({token.id, token.expires_at});
  }
  return out;
}

std::string format_issued_tokens(const IssuedTokens& tokens, std::string_view cluster_name) {
  Json issued = Json::array();
  for (const auto& [token, asked_by] : tokens.list()) {
    Json entry = to_claims(token, cluster_name);
    entry["asked_by"] = asked_by;
    issued.push_back(std::move(entry));
  }
  return dump_json(Json{{"version", 1}, {"issued", std::move(issued)}}) + "\n";
}

Result<IssuedTokens> parse_issued_tokens(std::string_view text, std::string_view cluster_name) {
  const Error damaged(Errc::damaged, "the list of issued tokens does not parse");
  const auto document = parse_json(text);
  if (!document || find_unsigned(*document, "version") != 1) return damaged;
  const Json* issued = find_member(*document, "issued");
  if (issued == nullptr || !issued->is_array()) return damaged;
  IssuedTokens out;
  for (const auto& entry : *issued) {
    auto token = read_claims(entry, cluster_name);
    const std::string* asked_by = find_string(entry, "asked_by");
    if (!token || asked_by == nullptr || !is_valid_name(*asked_by)) return damaged;
    if (auto added = out.add({std::move(*token), *asked_by}); !added) return added.error();
  }
  return out;
}

}  // namespace p2p::auth
