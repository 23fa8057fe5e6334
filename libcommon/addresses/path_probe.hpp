// What trying one path, from an own address to an address of another node, has shown.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace p2p::addresses {

/// Who answered at the other end.
enum class Peer {
  unknown,   ///< nobody answered, or not so far that it showed a certificate
  expected,  ///< a certificate of this fleet's CA with the node id (or role) that was asked for
  foreign,   ///< something else answers there: another CA, another node, or no TLS at all
};

/// How far a probe came.
enum class Reached { nothing, connected, tls, healthy };

/// Addresses are plain texts without a port (RFC 5952 for IPv6, link-local ones with their zone); `target` has one.
struct PathProbe {
  std::string source;        ///< the own address it was tried from
  std::string interface {};  ///< its link, as who asked named it
  std::string target;        ///< `host:port`
  Reached reached = Reached::nothing;
  Peer peer = Peer::unknown;
  /// Of one small exchange over the open connection; where no fleet is known, of the making of the connection.
  std::optional<std::chrono::microseconds> round_trip;
  std::optional<std::string> seen_as;  ///< our address as the other side saw it
  std::optional<bool> dials_back;      ///< it could open a connection to us; unset where that is not known
  bool asked_back = false;             ///< it was asked to do that
  /// The path can be used: in a fleet, a node that was asked for is well at its end; without one, something is.
  bool is_good = false;
  std::string failure;      ///< one sentence, empty where all went well
  std::string peer_name{};  ///< of the member of the fleet that answers there, the expected one or not; else empty
};

}  // namespace p2p::addresses
