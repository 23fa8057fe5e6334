// The master of a vault in the kernel's keyring of this user, so that the tools need not ask for the password each
// time. It is found by the vault's salt: after a rekey it is of no use.
#pragma once

#include <chrono>
#include <optional>

#include "crypto/secret.hpp"
#include "vault/header.hpp"

namespace p2p::vault {

/// Keeps it for that long, in place of one kept before. `unsupported` where the kernel or the container has no keyring.
Result<void> keep_in_keyring(const Header& header, const crypto::Secret& master, std::chrono::seconds lifetime);

/// None when there is none, or no longer.
std::optional<crypto::Secret> find_in_keyring(const Header& header);

/// True if there was one.
bool forget_in_keyring(const Header& header);

}  // namespace p2p::vault
