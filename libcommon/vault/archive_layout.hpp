// Where the fields of ZIP's three structures are (APPNOTE 4.3.7, 4.3.12, 4.3.16), and its way to write a time. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace p2p::vault {

inline constexpr std::uint32_t kLocalSignature = 0x04034b50;
inline constexpr std::uint32_t kCentralSignature = 0x02014b50;
inline constexpr std::uint32_t kEndSignature = 0x06054b50;

/// Before each content.
namespace local {
inline constexpr std::size_t kVersion = 4, kFlags = 6, kMethod = 8, kTime = 10, kDate = 12, kChecksum = 14,
                             kPackedBytes = 18, kContentBytes = 22, kNameBytes = 26, kExtraBytes = 28, kSize = 30;
}  // namespace local

/// One an entry, after all contents.
namespace central {
inline constexpr std::size_t kMadeBy = 4, kVersion = 6, kFlags = 8, kMethod = 10, kTime = 12, kDate = 14,
                             kChecksum = 16, kPackedBytes = 20, kContentBytes = 24, kNameBytes = 28, kExtraBytes = 30,
                             kCommentBytes = 32, kDisk = 34, kAttributes = 38, kOffset = 42, kSize = 46;
}  // namespace central

/// The last bytes of the archive.
namespace end {
inline constexpr std::size_t kDisk = 4, kDirectoryDisk = 6, kCountHere = 8, kCount = 10, kDirectoryBytes = 12,
                             kDirectoryOffset = 16, kCommentBytes = 20, kSize = 22;
}  // namespace end

inline constexpr std::uint16_t kEncryptedFlag = 1;
inline constexpr std::uint16_t kUtf8Flag = 1 << 11;

struct DosTime {
  std::uint16_t time = 0;
  std::uint16_t date = 0;
};

/// In UTC. What is before 1980 or after 2107 becomes the nearest that there is.
DosTime to_dos_time(std::chrono::sys_seconds at);
/// A date that does not exist becomes the beginning of 1980.
std::chrono::sys_seconds from_dos_time(DosTime at);

}  // namespace p2p::vault
