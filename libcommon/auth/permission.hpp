// What a caller may do. Deny by default: each method and route declares the one permission that it needs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "pki/certificate_id.hpp"
#include "pki/identity.hpp"

namespace p2p::auth {

enum class Permission : std::uint8_t {
  open,           ///< anyone, without any identity (`/health`)
  authenticated,  ///< any verified certificate or token; methods marked `public`
  node,           ///< a worker's or coordinator's certificate over `p2p/1` (`/internal/*`)
  services_read,  ///< rpc:call or cluster:read: who may call services or sees the fleet may know what they are
  rpc_call,
  services_control,
  logs_read,
  logs_clear,
  certs_read,
  certs_manage,
  cluster_read,
  metrics_read,
  admin,
};

/// `rpc:call`, `logs:read`, …; those before `rpc_call` are not scopes and have descriptive texts.
std::string_view to_string(Permission permission) noexcept;
/// Only grantable scopes: `rpc:call` … `admin`.
std::optional<Permission> parse_scope(std::string_view text) noexcept;

/// A set of grantable scopes; a value type.
class Scopes {
 public:
  Scopes() = default;
  static Scopes all();
  /// Operators have all; coordinators cluster:read, metrics:read, rpc:call; workers none.
  static Scopes of_role(pki::Role role);
  /// Comma- or space-separated; an unknown scope is `invalid`.
  static Result<Scopes> parse(std::string_view text);

  void add(Permission permission);
  bool has(Permission permission) const;
  bool contains(const Scopes& other) const;
  /// The same, but unknown ones are left out: whoever gave them knows more permissions than this version.
  static Scopes parse_known(std::string_view text);
  /// Comma-separated, in the order of the enum.
  std::string to_text() const;
  bool operator==(const Scopes&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

/// How the token_id of a caller begins who is known by a session of the dashboard.
inline constexpr std::string_view kSessionIdPrefix = "session-";

/// The one who asks, as established by certificate or token, or by a coordinator that passes a call on.
struct Caller {
  std::optional<pki::Identity> identity;  ///< none for an anonymous client
  Scopes scopes;
  std::string address;  ///< textual IP of the connection's peer, without port
  /// This machine's end of the connection, likewise, where it was dialled from here; empty where it was accepted.
  std::string own_address{};
  bool loopback = false;  ///< the peer's address is a loopback address
  bool over_p2p = false;  ///< the connection negotiated ALPN `p2p/1`
  /// That of the connection's peer, or the one with which its token dies: by it the caller is found once it has been
  /// revoked. None for one who showed none.
  std::optional<pki::CertificateId> certificate;
  /// When certificate or token ends; what this caller is given ends no later.
  WallTime ends_at = WallTime::max();
  /// `jti` of the token by which the caller is known, or what a session is called; empty for a certificate.
  std::string token_id{};

  bool is_node() const;
  bool is_session() const { return token_id.starts_with(kSessionIdPrefix); }
  /// The caller that a coordinator states in `P2P-Caller: role/name;scope,scope`, and `;token=ID` where it came with
  /// one; the inverse of parse_stated_caller.
  std::string to_stated() const;
};

/// For logs, the inventory and services: `operator/alice`, `token/prometheus` of who came with a token, `session/alice`
/// of who is signed in to the dashboard, `anonymous`.
std::string caller_name(const Caller& caller);

/// `invalid` when malformed; the identity's cluster_name is left empty. Counts only when it comes from a coordinator's
/// certificate; the caller of this checks that.
Result<Caller> parse_stated_caller(std::string_view header);

/// Decides; the error is `not_permitted` and names the missing permission. An anonymous caller's error says that
/// credentials are needed (HTTP 401 rather than 403: see Caller::identity).
Result<void> require(const Caller& caller, Permission permission);

}  // namespace p2p::auth
