#include "auth/session_table.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::auth {
namespace {

constexpr int kSessionFileVersion = 1;

std::optional<SecretHash> read_secret_hash(const Json& entry, std::string_view key) {
  const std::string* text = find_string(entry, key);
  const auto bytes = text == nullptr ? Result<Bytes>(Error(Errc::damaged, "")) : from_hex(*text);
  SecretHash out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::optional<Bytes> read_hex(const Json& entry, std::string_view key) {
  const std::string* text = find_string(entry, key);
  auto bytes = text == nullptr ? Result<Bytes>(Error(Errc::damaged, "")) : from_hex(*text);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

std::optional<WallTime> read_date(const Json& entry, std::string_view key) {
  const std::string* text = find_string(entry, key);
  const auto time = text == nullptr ? Result<WallTime>(Error(Errc::damaged, "")) : parse_rfc3339(*text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<WebSession> read_session(const Json& entry) {
  const std::string* subject = find_string(entry, "subject");
  const std::string* role_text = find_string(entry, "role");
  const auto role = role_text == nullptr ? std::nullopt : parse_web_role(*role_text);
  const auto secret = read_secret_hash(entry, "secret");
  auto issuer = read_hex(entry, "issuer"), serial = read_hex(entry, "serial");
  const auto created = read_date(entry, "created_at"), used = read_date(entry, "used_at"),
             ends = read_date(entry, "ends_at");
  if (subject == nullptr || !is_valid_name(*subject) || !role || !secret || !issuer || !serial || !created || !used ||
      !ends) {
    return std::nullopt;
  }
  return WebSession{{*subject, *role, {std::move(*issuer), std::move(*serial)}, *ends}, *secret, *created, *used};
}

}  // namespace

std::string_view to_string(WebRole role) noexcept { return role == WebRole::viewer ? "viewer" : "operator"; }

std::optional<WebRole> parse_web_role(std::string_view text) noexcept {
  if (text == "viewer") return WebRole::viewer;
  if (text == "operator") return WebRole::operator_;
  return std::nullopt;
}

Scopes scopes_of(WebRole role) {
  if (role == WebRole::operator_) return Scopes::all();
  Scopes out;
  for (const Permission permission :
       {Permission::logs_read, Permission::certs_read, Permission::cluster_read, Permission::metrics_read}) {
    out.add(permission);
  }
  return out;
}

bool same_secret(const SecretHash& a, const SecretHash& b) noexcept {
  unsigned differing = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differing |= static_cast<unsigned>(a[i] ^ b[i]);
  return differing == 0;
}

WallTime WebSession::ends_at() const { return std::min<WallTime>(created_at + kSessionLife, user.ends_at); }

bool WebSession::has_ended(WallTime now) const { return now >= ends_at() || now - used_at >= kSessionIdle; }

Result<void> SessionTable::add_token(const SecretHash& token, WebUser user, WallTime now) {
  drop_ended(now);
  if (tokens_.size() >= kMaxSignInTokens) {
    return Error(Errc::limited, "too many people are about to sign in; try again in a minute");
  }
  tokens_[token] = {std::move(user), now + kSignInTokenLife};
  return {};
}

Result<WebSession> SessionTable::trade(const SecretHash& token, const SecretHash& session, const SecretHash& secret,
                                       WallTime now) {
  drop_ended(now);
  auto found = tokens_.extract(token);
  if (found.empty()) {
    return Error(Errc::not_permitted, "the token is unknown, was used or has expired: it is good once, for a minute");
  }
  if (sessions_.size() >= kMaxSessions) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.second.used_at < b.second.used_at; }));
  }
  const WebSession made{std::move(found.mapped().user), secret, now, now};
  sessions_[session] = made;
  return made;
}

const WebSession* SessionTable::find(const SecretHash& session, WallTime now) const {
  const auto found = sessions_.find(session);
  return found == sessions_.end() || found->second.has_ended(now) ? nullptr : &found->second;
}

void SessionTable::use(const SecretHash& session, WallTime now) {
  const auto found = sessions_.find(session);
  if (found != sessions_.end()) found->second.used_at = std::max(found->second.used_at, now);
}

bool SessionTable::end(const SecretHash& session) { return sessions_.erase(session) > 0; }

std::size_t SessionTable::end_revoked(const pki::RevocationCheck& is_revoked) {
  if (!is_revoked) return 0;
  const auto revoked = [&](const WebUser& user) {
    return is_revoked(user.certificate.issuer_key_id, user.certificate.serial);
  };
  std::erase_if(tokens_, [&](const auto& token) { return revoked(token.second.user); });
  return std::erase_if(sessions_, [&](const auto& session) { return revoked(session.second.user); });
}

void SessionTable::drop_ended(WallTime now) {
  std::erase_if(tokens_, [&](const auto& token) { return now >= token.second.expires_at; });
  std::erase_if(sessions_, [&](const auto& session) { return session.second.has_ended(now); });
}

std::string SessionTable::encode() const {
  Json sessions = Json::array();
  for (const auto& [hash, session] : sessions_) {
    sessions.push_back({{"session", to_hex(hash)},
                        {"secret", to_hex(session.secret)},
                        {"subject", session.user.subject},
                        {"role", to_string(session.user.role)},
                        {"issuer", to_hex(session.user.certificate.issuer_key_id)},
                        {"serial", to_hex(session.user.certificate.serial)},
                        {"created_at", format_rfc3339(session.created_at)},
                        {"used_at", format_rfc3339(session.used_at)},
                        {"ends_at", format_rfc3339(session.user.ends_at)}});
  }
  return dump_json({{"version", kSessionFileVersion}, {"sessions", std::move(sessions)}});
}

Result<void> SessionTable::load(std::string_view text) {
  const Error damaged(Errc::damaged, "this is no list of sessions");
  const auto file = parse_json(text);
  if (!file || find_unsigned(*file, "version") != kSessionFileVersion) return damaged;
  const Json* entries = find_member(*file, "sessions");
  if (entries == nullptr || !entries->is_array() || entries->size() > kMaxSessions) return damaged;
  std::map<SecretHash, WebSession> sessions;
  for (const Json& entry : *entries) {
    const auto hash = read_secret_hash(entry, "session");
    auto session = read_session(entry);
    if (!hash || !session) return damaged;
    sessions[*hash] = std::move(*session);
  }
  sessions_ = std::move(sessions);
  return {};
}

}  // namespace p2p::auth
