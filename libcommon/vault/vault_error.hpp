// What goes wrong with a vault and is not of a shared kind.
#pragma once

#include "base/error.hpp"

namespace p2p::vault {

enum class VaultErrc {
  wrong_password = 1,  ///< the commitment differs; not_permitted
  no_entry,            ///< the vault is there and has no entry of the name; not_found
  entry_exists,        ///< an entry is not replaced unasked; exists
};

const boost::system::error_category& vault_category() noexcept;
boost::system::error_code make_error_code(VaultErrc kind) noexcept;

}  // namespace p2p::vault

template <>
struct boost::system::is_error_code_enum<p2p::vault::VaultErrc> : std::true_type {};
