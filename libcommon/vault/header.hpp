// The first 80 bytes of a vault file, which are not encrypted; p2p-vault(5) describes them. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace p2p::vault {

inline constexpr std::size_t kHeaderBytes = 80;
inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kCommitmentBytes = 32;

/// Of PBKDF2. Fewer than the least are no protection, more than the most keep the reader busy for its author's fun.
inline constexpr std::uint32_t kDefaultIterations = 600'000;
inline constexpr std::uint32_t kMinIterations = 100'000;
inline constexpr std::uint32_t kMaxIterations = 10'000'000;

struct Header {
  std::uint32_t iterations = kDefaultIterations;
  std::array<std::uint8_t, kSaltBytes> salt{};              ///< new with each password
  std::array<std::uint8_t, kNonceBytes> nonce{};            ///< new with each save
  std::array<std::uint8_t, kCommitmentBytes> commitment{};  ///< tells a wrong password from damaged content
};
using HeaderBytes = std::array<std::uint8_t, kHeaderBytes>;

HeaderBytes encode_header(const Header& header);

/// Reads the beginning of a file. `damaged` when it is cut off, no vault, or does not fit its checksum, and when the
/// iterations are out of bounds; `unsupported` for a later version. No work is done for the password before this.
Result<Header> parse_header(ByteView file);

}  // namespace p2p::vault
