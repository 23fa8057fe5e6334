// Who a certificate speaks for: the SPIFFE URI in its subject alternative names (DESIGN.md section 5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::pki {

/// A role comes from the certificate alone. `operator_` is a person or script, never a node.
enum class Role : unsigned char { worker, coordinator, operator_ };

/// `worker`, `coordinator`, `operator`.
std::string_view to_string(Role role) noexcept;
std::optional<Role> parse_role(std::string_view text) noexcept;

/// The subject of a certificate of this fleet.
struct Identity {
  std::string cluster_name;
  Role role = Role::worker;
  std::string name;  ///< node_id for nodes; is_valid_name() holds

  /// `spiffe://<cluster_name>/<role>/<name>`
  std::string uri() const;
  bool operator==(const Identity&) const = default;
};

/// `invalid` for any other scheme, a missing part, an unknown role or a name that is_valid_name() refuses.
Result<Identity> parse_identity_uri(std::string_view uri);

/// `spiffe://<cluster_name>`: the URI of the CA itself, which has no path (SPIFFE X.509-SVID section 4.2). From it the
/// tools learn which cluster a CA is for.
std::string cluster_uri(std::string_view cluster_name);
/// The inverse; `invalid` for anything else.
Result<std::string> parse_cluster_uri(std::string_view uri);

}  // namespace p2p::pki
