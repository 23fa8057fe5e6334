// SHA-256, and comparison that takes the same time wherever two values differ.
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace p2p::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

/// FIPS 180-4. Thread-safe; throws std::bad_alloc when memory is out, has no other failure.
Sha256 sha256(ByteView bytes);

/// Values of different length differ at once: lengths are not secret.
bool equal_constant_time(ByteView a, ByteView b) noexcept;

}  // namespace p2p::crypto
