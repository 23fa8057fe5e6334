// As whom this machine asks others, and which coordinators it belongs to, from its home.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "net/client.hpp"
#include "net/tls.hpp"

namespace p2p::probe {

struct Standpoint {
  std::unique_ptr<net::TlsContexts> tls{};  ///< null: no fleet is known here
  std::string token{};
  std::string name{};  ///< of the certificate that is shown; empty without one
  /// Where this machine's node listens, when its own certificate is shown.
  std::optional<std::uint16_t> dial_back_port{};
  std::vector<net::Endpoint> coordinators{};  ///< never empty
  bool has_coordinators = false;              ///< somebody named them; else it is the default, this machine
  std::string advertise_address{};            ///< of the configuration; likewise, or empty:
  std::string bind_address{};
  bool prefers_vpn = false;
  std::chrono::milliseconds timeout{};  ///< probe_timeout_seconds
};

/// The certificate is that of --cert, none with the token of $P2P_TOKEN, else this node's own where it has a
/// configuration and a certificate, else the operator's; without any of them the CA's is enough to know a peer. The
/// coordinators are that of --coordinator or $P2P_COORDINATOR, else the configuration's, else the context's.
/// `config_file` is empty for the one of home, which need not be there.
cli::Attempt<Standpoint> find_standpoint(const cli::Session& session, const std::string& config_file);

/// `HOST[:PORT]` as somebody typed it; an IPv4 address in IPv6 form (RFC 4291 section 2.5.5.2) is the IPv4 address.
/// kUsage for what is none, and for a zone that names no interface of this machine.
cli::Attempt<net::Endpoint> read_target(const std::string& text);

}  // namespace p2p::probe
