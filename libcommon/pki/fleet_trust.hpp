// How far each node of a fleet is with a rotation of the CA: which roots it trusts, and who signed the certificate that
// it uses. A coordinator writes it into `ca/fleet.json` while there are two roots; `p2p-ca rotate` goes by it. Pure.
//
//   {"at": "<RFC 3339>", "nodes": [{"node_id": …, "status": …, "trusts": ["<key id>", …], "issuer": "<key id>"}]}
//
// Key ids are subject key identifiers in hexadecimal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace p2p::pki {

struct NodeTrust {
  std::string node_id;
  std::string status;               ///< as in the table of nodes: alive, suspected, dead
  std::vector<std::string> trusts;  ///< key ids of roots
  std::string issuer;               ///< key id of the root that signed its certificate

  bool does_trust(std::string_view key_id) const;
  bool operator==(const NodeTrust&) const = default;
};

struct FleetTrust {
  WallTime at{};  ///< when the coordinator saw it so
  std::vector<NodeTrust> nodes;
};

/// What is older says nothing of the fleet now; a coordinator writes it anew twice in this time.
inline constexpr std::chrono::minutes kFleetTrustLifetime{1};
inline constexpr std::size_t kMaxFleetTrustBytes = 8 * 1024 * 1024;

Json to_json(const FleetTrust& fleet);
/// `damaged` for anything else.
Result<FleetTrust> parse_fleet_trust(std::string_view text);

}  // namespace p2p::pki
