// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
#pragma once

#include "crypto/digest.hpp"

namespace p2p::crypto {

/// Compare the outcome with equal_constant_time. Thread-safe; throws std::bad_alloc when memory is out.
Sha256 hmac_sha256(ByteView key, ByteView message);

}  // namespace p2p::crypto
