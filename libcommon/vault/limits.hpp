// What a vault may hold. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace p2p::vault {

inline constexpr std::size_t kMaxNameBytes = 512;
/// ZIP without its 64-bit extension counts to here.
inline constexpr std::size_t kMaxEntryCount = 65'535;
/// Of all entries together, as they are read.
inline constexpr std::uint64_t kMaxContentBytes = std::uint64_t{1} << 30;
/// Of the archive: contents, and what ZIP adds for each entry.
inline constexpr std::uint64_t kMaxArchiveBytes =
    kMaxContentBytes + kMaxEntryCount * (2 * std::uint64_t{kMaxNameBytes} + 256);

}  // namespace p2p::vault
