// Who is signed in to the dashboard: tokens that are traded once for a session, and the sessions. Neither the table nor
// its file holds anything that a browser could be asked for: only SHA-256 of it. Pure.
//
// The file: {"version": 1, "sessions": [{"session": hex, "secret": hex, "subject": NAME, "role": "viewer", "issuer":
// hex, "serial": hex, "created_at": RFC 3339, "used_at": …, "ends_at": …}]}.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/permission.hpp"

namespace p2p::auth {

/// SHA-256 of 32 random bytes.
using SecretHash = std::array<std::uint8_t, 32>;

enum class WebRole : unsigned char { viewer, operator_ };
std::string_view to_string(WebRole role) noexcept;
std::optional<WebRole> parse_web_role(std::string_view text) noexcept;
/// Viewers read logs, certificates, the fleet and its figures; operators may do all.
Scopes scopes_of(WebRole role);

inline constexpr std::chrono::seconds kSignInTokenLife{60};
inline constexpr std::chrono::hours kSessionIdle{12};
inline constexpr std::chrono::hours kSessionLife{7 * 24};
/// Tokens that nobody has traded yet.
inline constexpr std::size_t kMaxSignInTokens = 64;
/// One more, and the session that was idle for longest ends.
inline constexpr std::size_t kMaxSessions = 1'000;

/// For whom a token or session is.
struct WebUser {
  std::string subject;  ///< is_valid_name() holds
  WebRole role = WebRole::viewer;
  pki::CertificateId certificate;      ///< with which the token was asked for, and with which all of it dies
  WallTime ends_at = WallTime::max();  ///< when that certificate does
};

struct WebSession {
  WebUser user;
  SecretHash secret{};  ///< of what the page sends with each change
  WallTime created_at{}, used_at{};

  WallTime ends_at() const;  ///< if it is used until then
  bool has_ended(WallTime now) const;
};

/// One thread.
class SessionTable {
 public:
  /// `limited` when there are kMaxSignInTokens.
  Result<void> add_token(const SecretHash& token, WebUser user, WallTime now);
  /// Trades the token; it is gone afterwards. `not_permitted` for one that is unknown, was used or has expired: which
  /// of them is not told.
  Result<WebSession> trade(const SecretHash& token, const SecretHash& session, const SecretHash& secret, WallTime now);
  /// nullptr for a session that is unknown or has ended.
  const WebSession* find(const SecretHash& session, WallTime now) const;
  /// Somebody is there: the session does not grow idle.
  void use(const SecretHash& session, WallTime now);
  /// False when there was none.
  bool end(const SecretHash& session);
  /// Ends the sessions and tokens of these certificates; how many sessions.
  std::size_t end_revoked(const pki::RevocationCheck& is_revoked);
  void drop_ended(WallTime now);
  std::size_t size() const noexcept { return sessions_.size(); }

  std::string encode() const;
  /// What encode() wrote, in place of what is there; `damaged` for anything else.
  Result<void> load(std::string_view text);

 private:
  struct Token {
    WebUser user;
    WallTime expires_at;
  };
  std::map<SecretHash, Token> tokens_;
  std::map<SecretHash, WebSession> sessions_;
};

/// Takes the same time wherever they differ.
bool same_secret(const SecretHash& a, const SecretHash& b) noexcept;

}  // namespace p2p::auth
