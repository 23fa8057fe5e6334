// The tokens that the fleet has revoked, as one node knows them: what its gate refuses, its file keeps, and the
// bulletin `tokens` brings.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "auth/revoked_token_list.hpp"
#include "auth/token_gate.hpp"
#include "base/log_sink.hpp"
#include "membership/bulletin.hpp"

namespace p2p::node {

inline constexpr std::string_view kTokensKind = "tokens";

/// Control loop.
class RevokedTokens {
 public:
  struct Hooks {
    /// The file no longer has all.
    std::function<void()> changed;
    /// Channels of these callers are to be dropped.
    std::function<void(std::function<bool(const auth::Caller&)>)> drop;
    /// Gives the fleet a newer list; at a coordinator, else empty.
    std::function<Result<bool>(std::string kind, Bytes content)> publish;
  };
  /// References must outlive it.
  RevokedTokens(auth::TokenGate& gate, Hooks hooks, const Clock& clock, LogSink& log);

  /// What encode() wrote. `damaged` for anything else.
  Result<void> load(std::string_view text);
  std::string encode() const;

  /// Whom to believe from now on, and at a coordinator the keys with which it signs; a coordinator publishes its list
  /// anew, as the old one may not outlive the certificate that signed it.
  void set_trust(auth::TokenTrust trust, const pki::RecordSigner* signer);
  /// As membership wants it: the version of a list that a coordinator signed.
  Result<std::uint64_t> check(ByteView content) const;
  /// A newer list is held. A coordinator that knows of more publishes all of them.
  void take(const membership::Bulletin& bulletin);
  /// At a coordinator: refuses them from now on, here at once and by the fleet as soon as it hears. `limited` when
  /// there was no room for all: some of them are still good.
  Result<void> revoke(const std::vector<auth::RevokedToken>& revoked);
  /// It was revoked, or the certificate that asked for it.
  bool is_dead(const auth::Token& token) const;
  /// Lets go of what has expired, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  /// Those that are new are refused from now on.
  auth::TokenBlacklist::Added refuse(const std::vector<auth::RevokedToken>& revoked);
  Result<void> publish();
  void publish_or_say();

  auth::TokenGate& gate_;
  const Hooks hooks_;
  const Clock& clock_;
  Logger log_;
  auth::TokenBlacklist blacklist_;
  std::optional<auth::TokenTrust> trust_;
  std::optional<pki::RecordSigner> signer_;
  std::uint64_t version_ = 0;  // of the list held last
};

}  // namespace p2p::node
