// The ZIP archive inside a vault (PKWARE APPNOTE 6.3.3, sections 4.3 to 4.5): entries stored or deflated, one file, no
// encryption of its own, no 64-bit extension. What is read need not be written by this code; what is ambiguous is
// refused. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace p2p::vault {

enum class Method : std::uint16_t { stored = 0, deflated = 8 };

/// One entry, in the form in which an archive has it.
struct PackedEntry {
  std::string name;
  Method method = Method::stored;
  std::uint32_t checksum = 0;  ///< CRC-32 of the content
  std::uint32_t content_bytes = 0;
  std::chrono::sys_seconds modified{};  ///< ZIP counts in steps of two seconds, from 1980 to 2107
  ByteView packed;                      ///< in the archive, or wherever its maker keeps it
};

/// The entries of an archive, which must stay where it is. `damaged` says what does not fit: names, sizes, an overlap,
/// a name twice or called as another's folder, contents beyond kMaxContentBytes. Nothing is inflated.
Result<std::vector<PackedEntry>> parse_archive(ByteView archive);

/// Writes the content to `out`, which has room for exactly content_bytes; `damaged` unless size and checksum fit.
Result<void> unpack(const PackedEntry& entry, std::span<std::uint8_t> out);

/// An entry that keeps the content as it is, wherever that is.
PackedEntry stored_entry(std::string name, ByteView content, std::chrono::sys_seconds modified);

/// Takes the pieces of an archive, in order.
using Sink = std::function<Result<void>(ByteView)>;

/// How long the archive of these entries is.
std::uint64_t archive_bytes(const std::vector<const PackedEntry*>& entries);

/// The archive of these entries in this order, whose count and sizes are within the limits. Fails as `sink` does.
Result<void> write_archive(const std::vector<const PackedEntry*>& entries, const Sink& sink);

}  // namespace p2p::vault
