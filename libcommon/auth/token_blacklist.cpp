#include "auth/token_blacklist.hpp"

#include <algorithm>

namespace p2p::auth {
namespace {

bool has_expired(std::chrono::sys_seconds expires_at, WallTime now) { return now >= expires_at + kTokenLeeway; }

}  // namespace

TokenBlacklist::Added TokenBlacklist::add(const std::vector<RevokedToken>& revoked, WallTime now) {
  auto next = std::make_shared<Entries>(*entries_);
  Added out;
  for (const auto& token : revoked) {
    if (has_expired(token.expires_at, now) || next->contains(token.id)) continue;
    if (next->size() >= kMaxRevokedTokens) {
      ++out.left_out;
    } else {
      next->emplace(token.id, token.expires_at);
    }
  }
  out.count = next->size() - entries_->size();
  if (out.count > 0) entries_ = std::move(next);
  return out;
}

std::size_t TokenBlacklist::drop_expired(WallTime now) {
  auto next = std::make_shared<Entries>(*entries_);
  const std::size_t dropped = std::erase_if(*next, [now](const auto& entry) { return has_expired(entry.second, now); });
  if (dropped > 0) entries_ = std::move(next);
  return dropped;
}

std::vector<RevokedToken> TokenBlacklist::list() const {
  std::vector<RevokedToken> out;
  out.reserve(entries_->size());
  for (const auto& [id, expires_at] : *entries_) out.push_back({id, expires_at});
  std::ranges::sort(out, {}, &RevokedToken::id);
  return out;
}

Json to_json(const std::vector<RevokedToken>& revoked) {
  Json out = Json::array();
  for (const auto& token : revoked) {
    out.push_back({{"jti", token.id}, {"exp", token.expires_at.time_since_epoch().count()}});
  }
  return out;
}

Result<std::vector<RevokedToken>> read_revoked_tokens(const Json& json) {
  const Error damaged(Errc::damaged, "the list of revoked tokens does not parse");
  if (!json.is_array()) return damaged;
  if (json.size() > kMaxRevokedTokens) return Error(Errc::too_large, "the list of revoked tokens is too long");
  std::vector<RevokedToken> out;
  out.reserve(json.size());
  for (const auto& entry : json) {
    const std::string* id = find_string(entry, "jti");
    const auto seconds = find_unsigned(entry, "exp");
    if (id == nullptr || !is_token_id(*id) || !seconds) return damaged;
    const auto expires_at = from_unix_seconds(*seconds);
    if (!expires_at) return damaged;
    out.push_back({*id, *expires_at});
  }
  return out;
}

}  // namespace p2p::auth
