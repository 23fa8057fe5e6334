// Signing in to the dashboard: `dashboard.token` gives an operator a token for a minute, `/api/session` trades it for a
// cookie and a secret, and from then on the cookie is who asks.
//
//   POST /api/session {"token":…} → {"subject":…,"role":…,"expires_at":…,"secret":…} and the cookie
//   GET /api/session              → the same without the secret
//   DELETE /api/session           ends it
//
// Browsers send a cookie to every port of its host, and with requests that other pages cause. So the cookie alone only
// reads: a change also needs the secret, in `P2P-Session-Secret`, and an `Origin` that is this very host.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "../state_writer.hpp"
#include "auth/session_table.hpp"
#include "base/audit.hpp"
#include "net/router.hpp"
#include "rpc/registry.hpp"

namespace p2p::node {

inline constexpr char kSessionCookie[] = "__Host-p2p_session";
inline constexpr char kSessionSecretField[] = "P2P-Session-Secret";

/// Thread-safe, but for what is said.
class SignIn {
 public:
  struct Options {
    std::string cluster_name;
    bool over_tls = true;  ///< `https_enabled`
  };
  struct Hooks {
    /// Something changed that the file does not have, and may be without for a while; any thread.
    std::function<void()> changed;
    /// Likewise, but it must outlive a kill in the next moment: who signed in or out.
    std::function<void()> save;
    /// The open connections of a session that has ended.
    std::function<void(std::function<bool(const auth::Caller&)>)> drop;
  };
  /// References must outlive it.
  SignIn(Options options, Hooks hooks, const Clock& clock, LogSink& log);

  /// What encode() wrote. `damaged` for anything else.
  Result<void> load(std::string_view text);
  std::string encode() const;
  /// These certificates are revoked from now on, and sessions die with them.
  void trust(pki::RevocationCheck is_revoked);

  /// Fills the caller of a request that brings a session's cookie, in place of what a certificate says. Without one
  /// that is known the caller stays what it is; `not_found` for one with a certificate whose session has ended;
  /// `not_permitted` for a change without the secret or the right Origin.
  Result<void> authenticate(const net::Request& request, auth::Caller& caller);
  /// Records that a change which authenticate() let pass came to nothing: the right was missing, or it failed.
  void note_answer(const net::Request& request, unsigned status) const;

  /// A session by the hash of its cookie.
  struct Found {
    auth::SecretHash id{};
    auth::WebSession session;
  };
  /// Of the first good cookie of a request; counts as a use.
  std::optional<Found> find(const net::Request& request);
  /// Whether it is still open; counts as a use.
  bool is_open(const auth::SecretHash& id);
  static bool has_secret(const auth::WebSession& session, std::string_view secret);

  void add_routes(net::Router& router);
  /// `dashboard.token`.
  rpc::Service service();

 private:
  template <class... Args>
  void record(fmt::format_string<Args...> format, Args&&... args) const {
    audit(log_.sink(), fmt::format(format, std::forward<Args>(args)...));
  }
  net::Response open(const net::Request& request);
  net::Response show(const net::Request& request);
  net::Response close(const net::Request& request);
  rpc::Outcome issue(const rpc::CallContext& call);
  bool is_own_page(const net::Request& request) const;
  void use(const auth::SecretHash& id, WallTime now);
  auth::Caller caller_of(const Found& found, auth::Caller caller) const;
  std::string cookie(std::string_view value, std::chrono::seconds life) const;

  const Options options_;
  const Hooks hooks_;
  const Clock& clock_;
  Logger log_;
  mutable std::mutex mutex_;  // guards what follows
  auth::SessionTable table_;
  WallTime noted_at_{};  // when somebody's use was last said to have changed it
};

}  // namespace p2p::node
