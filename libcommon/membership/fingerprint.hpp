// SHA-256 as the pure part of membership sees it: a function passed in from outside.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "base/bytes.hpp"

namespace p2p::membership {

/// A SHA-256 digest.
using Fingerprint = std::array<std::uint8_t, 32>;
/// crypto::sha256 fits.
using FingerprintFunction = std::function<Fingerprint(ByteView)>;

/// The first eight bytes as a big-endian number: what listings carry, and enough to tell two honest records apart.
/// Orders as the whole digest does.
inline std::uint64_t short_form(const Fingerprint& fingerprint) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | fingerprint[i];
  return out;
}

}  // namespace p2p::membership
