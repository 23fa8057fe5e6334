// All that a node has to do with tokens: whom it lets in by one, which it refuses, and, at a coordinator, the desk that
// makes them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "../certificates/node_identity.hpp"
#include "../state_writer.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"
#include "pki/certificate_id.hpp"
#include "token_desk.hpp"

namespace p2p::node {

/// Control loop, except for authenticate().
class Tokens {
 public:
  /// References must outlive it.
  struct Parts {
    const config::NodeConfig& config;
    const config::Paths& paths;
    boost::asio::io_context& control;
    const NodeIdentity& identity;
    const Clock& clock;
    LogSink& log;
  };
  struct Hooks {
    std::function<std::unique_ptr<StateWriter>(std::string what, std::filesystem::path file,
                                               std::function<std::string()> encode)>
        make_writer;
    std::function<void(std::function<bool(const auth::Caller&)>)> drop;    ///< as of RevokedTokens
    std::function<Result<bool>(std::string kind, Bytes content)> publish;  ///< likewise
  };

  /// Reads what was revoked and issued before. Blocks. `damaged` names the file.
  static Result<std::unique_ptr<Tokens>> open(const Parts& parts, Hooks hooks);

  /// Any thread; as of TokenGate.
  Result<void> authenticate(std::string_view authorization, const std::function<bool()>& may_verify,
                            auth::Caller& caller) {
    return gate_.authenticate(authorization, parts_.clock.wall(), may_verify, caller);
  }
  /// The certificates in use, or what is revoked, have changed.
  void trust(pki::RevocationCheck is_revoked);
  RevokedTokens& revoked() noexcept { return *revoked_; }
  StateWriter& blacklist_state() noexcept { return *blacklist_state_; }
  /// At a coordinator.
  void add_routes(net::Router& router);

 private:
  explicit Tokens(const Parts& parts) : parts_(parts) {}
  Result<void> open_desk(const Hooks& hooks);

  const Parts parts_;
  auth::TokenGate gate_;
  std::unique_ptr<RevokedTokens> revoked_;
  std::unique_ptr<TokenDesk> desk_;  // at a coordinator
  std::unique_ptr<StateWriter> blacklist_state_;
  std::unique_ptr<StateWriter> issued_state_;  // at a coordinator
};

}  // namespace p2p::node
