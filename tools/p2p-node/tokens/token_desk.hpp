// Where tokens are asked for and taken back, at a coordinator: `POST /auth/token`, `POST /auth/revoke` and
// `GET /auth/tokens`.
//
//   POST /auth/token   {"sub": NAME, "scope": "S S", "ttl_seconds": 3600}
//                   →  {"access_token": …, "token_type": "Bearer", "expires_in": …, "scope": …, "sub": …, "jti": …,
//                       "expires_at": …}
//   POST /auth/revoke  {"token": TEXT} or {"target": JTI or NAME} →  [{"jti": …, "expires_at": …}]
//   GET  /auth/tokens                     →  [{"jti": …, "sub": …, "scope": …, "issued_at": …, "expires_at": …,
//                                              "asked_by": …, "revoked": false}]
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "auth/issued_tokens.hpp"
#include "net/router.hpp"
#include "revoked_tokens.hpp"

namespace p2p::node {

/// The control loop's; the handlers of its routes hop there.
class TokenDesk {
 public:
  struct Options {
    boost::asio::any_io_executor control;
    std::string cluster_name;
    std::chrono::seconds default_life{};  ///< `jwt_expiration_hours`
  };
  struct Hooks {
    /// The keys of this coordinator, as they are now, and until when its certificate is good.
    std::function<const pki::RecordSigner&()> signer;
    std::function<WallTime()> signer_ends_at;
    /// What was issued, or revoked, is on the disk afterwards.
    std::function<boost::asio::awaitable<Result<void>>()> save_issued;
    std::function<boost::asio::awaitable<Result<void>>()> save_revoked;
  };
  /// References must outlive it.
  TokenDesk(Options options, Hooks hooks, const auth::TokenGate& gate, RevokedTokens& revoked, const Clock& clock,
            LogSink& log);

  /// What encode() wrote. `damaged` for anything else.
  Result<void> load(std::string_view text);
  std::string encode() const;
  void add_routes(net::Router& router);

 private:
  using Answer = boost::asio::awaitable<net::Response>;
  using Handler = Answer (TokenDesk::*)(auth::Caller, std::string);

  void add(net::Router& router, net::Method method, const char* path, Handler handler);
  Answer issue(auth::Caller caller, std::string body);
  Answer revoke(auth::Caller caller, std::string body);
  Answer list(auth::Caller caller, std::string body);
  Result<auth::Token> make(const auth::Caller& caller, const Json& request) const;
  Result<std::vector<auth::RevokedToken>> find(const Json& request) const;

  const Options options_;
  const Hooks hooks_;
  const auth::TokenGate& gate_;
  RevokedTokens& revoked_;
  const Clock& clock_;
  LogSink& log_;
  auth::IssuedTokens issued_;
};

}  // namespace p2p::node
