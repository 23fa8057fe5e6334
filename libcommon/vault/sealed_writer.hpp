// Encrypts an archive on its way to the file: header, ciphertext, tag, without a copy of either in memory.
#pragma once

#include "base/whole_file.hpp"
#include "crypto/aead.hpp"
#include "vault/contents.hpp"
#include "vault/keys.hpp"

namespace p2p::vault {

/// Writes the whole of a vault file to `file`, which has begun and is not published.
Result<void> write_sealed(const Header& header, const Keys& keys, const Contents& contents, WholeFile& file);

}  // namespace p2p::vault
