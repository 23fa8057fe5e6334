// Keys from keys: HMAC (RFC 2104) and HKDF (RFC 5869); from passwords: PBKDF2 (RFC 8018). All with SHA-256.
#pragma once

#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/secret.hpp"

namespace p2p::crypto {

/// A key of any length. Thread-safe; throws std::bad_alloc when memory is out, has no other failure.
Sha256 hmac_sha256(ByteView key, ByteView message);

/// RFC 5869 section 2.2. An empty salt stands for 32 zero bytes.
Sha256 hkdf_extract(ByteView salt, ByteView input_key);

/// RFC 5869 section 2.3: `size` bytes for this purpose; `invalid` past 255 × 32 bytes.
Result<Secret> hkdf_expand(ByteView key, std::string_view info, std::size_t size);

/// Extract without salt, then expand.
Result<Secret> hkdf(ByteView input_key, std::string_view info, std::size_t size);

/// RFC 8018 section 5.2. Takes as long as `iterations` (at least 1) are meant to take; blocks the thread.
Secret pbkdf2_sha256(const Secret& password, ByteView salt, std::uint32_t iterations, std::size_t size);

}  // namespace p2p::crypto
