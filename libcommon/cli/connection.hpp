// Which coordinator a tool talks to, and as whom.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/contexts.hpp"
#include "net/client.hpp"

namespace p2p::cli {

inline constexpr std::uint16_t kDefaultPort = 8001;

/// Where the coordinator is: --coordinator, else $P2P_COORDINATOR, else the context's, else 127.0.0.1:8001. As whom:
/// --cert and --key, else the token of $P2P_TOKEN, else the certificate of the context, which without contexts is
/// home's own operator certificate.
struct Connection {
  net::Endpoint coordinator;
  std::string chosen_by;  ///< `--coordinator`, `$P2P_COORDINATOR`, `context shop`, `default`
  IdentityFiles files;    ///< with a token only `ca` counts
  std::string token{};
};

struct ConnectionEnvironment {
  std::string coordinator;  ///< $P2P_COORDINATOR
  std::string token;        ///< $P2P_TOKEN
};

/// Decides; reads nothing but the list of contexts. The token is taken without a trailing newline.
Attempt<Connection> choose_connection(const Session& session, const ConnectionEnvironment& environment);
ConnectionEnvironment connection_environment();

}  // namespace p2p::cli
