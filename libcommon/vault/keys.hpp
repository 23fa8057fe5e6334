// The keys of a vault file, from its password; p2p-vault(5) describes the derivation.
#pragma once

#include <functional>

#include "crypto/digest.hpp"
#include "crypto/secret.hpp"
#include "vault/header.hpp"

namespace p2p::vault {

/// The 32 bytes from which both keys follow. As long as the password stays, so do these; they open the file as well.
crypto::Secret derive_master(const crypto::Secret& password, const Header& header);

struct Keys {
  crypto::Secret key;         ///< of AES-256-GCM
  crypto::Secret commitment;  ///< what the header must have
};
Result<Keys> expand_master(const crypto::Secret& master);

/// Whether this master is of the password that the header was made with. Takes the same time for all.
bool fits(const Keys& keys, const Header& header);

/// Gives the master for a header, by whatever means: a password, the kernel's keyring, one known from before.
using Unlock = std::function<Result<crypto::Secret>(const Header&)>;

/// By the password. `password` must outlive it.
Unlock unlock_with(const crypto::Secret& password);

/// A header with a new salt, and the keys of this password for it.
struct NewKeys {
  Header header;
  crypto::Secret master;
  Keys keys;
};
Result<NewKeys> make_keys(const crypto::Secret& password, std::uint32_t iterations);

}  // namespace p2p::vault
