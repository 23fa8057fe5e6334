// Where a call goes: `node:ID`, `role:R`, `service:S`, `all`, `all:R` (header `P2P-Target` or query `?target=`), and
// which nodes fit. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "pki/identity.hpp"

namespace p2p::rpc {

struct Target {
  enum class Kind : unsigned char { node, role, service, all };
  Kind kind = Kind::node;
  std::string name{};               ///< of the node or service
  std::optional<pki::Role> role{};  ///< for role, and for all when it is narrowed
};

/// `invalid` names what was not understood and the forms that exist. Operators are no nodes, so no role here.
Result<Target> parse_target(std::string_view text);
std::string to_text(const Target& target);

/// A member of the fleet as routing sees it. A node that said goodbye is none.
struct Candidate {
  std::string node_id;
  pki::Role role = pki::Role::worker;
  bool alive = true;                    ///< not dead
  std::vector<std::string> services{};  ///< what it announces, besides the built-in ones
  bool draining = false;                ///< it is to get no more calls
};

/// Those that the target means, in the order given. Live ones only, but for `all` and `node`: the caller of these wants
/// to hear that a node is dead. None that is draining, but for `node`, likewise. For a role and for `all`, nodes that
/// announce `service` come alone where any does: the others could only say that they have not got it.
std::vector<const Candidate*> matching(std::span<const Candidate> members, const Target& target,
                                       std::string_view service);

}  // namespace p2p::rpc
