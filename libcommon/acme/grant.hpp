// What an ACME account may ask for. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "pki/identity.hpp"
#include "pki/subject_name.hpp"

namespace p2p::acme {

/// From the invitation (external account binding) that the account was made with. An account without one has an empty
/// grant: each of its names needs a validation.
struct Grant {
  std::string kid;
  std::string name;               ///< node_id, or what the invitation is called; one of the names
  std::optional<pki::Role> role;  ///< none: for other programs (`--web`)
  std::vector<pki::SubjectName> names;
  WallTime expires_at{};  ///< until when the invitation may be redeemed; an account that has redeemed it goes on
};

}  // namespace p2p::acme
