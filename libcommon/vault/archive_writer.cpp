#include <libdeflate.h>

#include <array>

#include "base/byte_order.hpp"
#include "vault/archive.hpp"
#include "vault/archive_layout.hpp"

namespace p2p::vault {
namespace {

// 2.0: deflated entries. The upper byte says Unix, whose mode is in the attributes.
constexpr std::uint16_t kVersionNeeded = 20;
constexpr std::uint16_t kMadeByUnix = 3 << 8 | kVersionNeeded;
/// A regular file that its owner alone may read, for who unpacks the archive with other programs.
constexpr std::uint32_t kFileAttributes = std::uint32_t{0100600} << 16;

void put16(std::uint8_t* to, std::uint16_t value) { put_little(to, value); }
void put32(std::uint8_t* to, std::uint32_t value) { put_little(to, value); }

std::array<std::uint8_t, local::kSize> local_header(const PackedEntry& entry) {
  std::array<std::uint8_t, local::kSize> out{};
  const DosTime at = to_dos_time(entry.modified);
  put32(&out[0], kLocalSignature);
  put16(&out[local::kVersion], kVersionNeeded);
  put16(&out[local::kFlags], kUtf8Flag);
  put16(&out[local::kMethod], static_cast<std::uint16_t>(entry.method));
  put16(&out[local::kTime], at.time);
  put16(&out[local::kDate], at.date);
  put32(&out[local::kChecksum], entry.checksum);
  put32(&out[local::kPackedBytes], static_cast<std::uint32_t>(entry.packed.size()));
  put32(&out[local::kContentBytes], entry.content_bytes);
  put16(&out[local::kNameBytes], static_cast<std::uint16_t>(entry.name.size()));
  return out;
}

std::array<std::uint8_t, central::kSize> central_header(const PackedEntry& entry, std::uint32_t offset) {
  std::array<std::uint8_t, central::kSize> out{};
  const DosTime at = to_dos_time(entry.modified);
  put32(&out[0], kCentralSignature);
  put16(&out[central::kMadeBy], kMadeByUnix);
  put16(&out[central::kVersion], kVersionNeeded);
  put16(&out[central::kFlags], kUtf8Flag);
  put16(&out[central::kMethod], static_cast<std::uint16_t>(entry.method));
  put16(&out[central::kTime], at.time);
  put16(&out[central::kDate], at.date);
  put32(&out[central::kChecksum], entry.checksum);
  put32(&out[central::kPackedBytes], static_cast<std::uint32_t>(entry.packed.size()));
  put32(&out[central::kContentBytes], entry.content_bytes);
  put16(&out[central::kNameBytes], static_cast<std::uint16_t>(entry.name.size()));
  put32(&out[central::kAttributes], kFileAttributes);
  put32(&out[central::kOffset], offset);
  return out;
}

std::array<std::uint8_t, end::kSize> end_record(std::uint16_t count, std::uint32_t bytes, std::uint32_t offset) {
  std::array<std::uint8_t, end::kSize> out{};
  put32(&out[0], kEndSignature);
  put16(&out[end::kCountHere], count);
  put16(&out[end::kCount], count);
  put32(&out[end::kDirectoryBytes], bytes);
  put32(&out[end::kDirectoryOffset], offset);
  return out;
}

std::uint64_t local_bytes(const PackedEntry& entry) { return local::kSize + entry.name.size() + entry.packed.size(); }
std::uint64_t directory_bytes(const PackedEntry& entry) { return central::kSize + entry.name.size(); }

}  // namespace

PackedEntry stored_entry(std::string name, ByteView content, std::chrono::sys_seconds modified) {
  return {.name = std::move(name),
          .method = Method::stored,
          .checksum = libdeflate_crc32(0, content.data(), content.size()),
          .content_bytes = static_cast<std::uint32_t>(content.size()),
          .modified = modified,
          .packed = content};
}

std::uint64_t archive_bytes(const std::vector<const PackedEntry*>& entries) {
  std::uint64_t out = end::kSize;
  for (const auto* entry : entries) out += local_bytes(*entry) + directory_bytes(*entry);
  return out;
}

Result<void> write_archive(const std::vector<const PackedEntry*>& entries, const Sink& sink) {
  for (const auto* entry : entries) {
    if (auto put = sink(local_header(*entry)); !put) return put;
    if (auto put = sink(as_bytes(entry->name)); !put) return put;
    if (auto put = sink(entry->packed); !put) return put;
  }
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  for (const auto* entry : entries) {
    if (auto put = sink(central_header(*entry, static_cast<std::uint32_t>(offset))); !put) return put;
    if (auto put = sink(as_bytes(entry->name)); !put) return put;
    offset += local_bytes(*entry);
    bytes += directory_bytes(*entry);
  }
  return sink(end_record(static_cast<std::uint16_t>(entries.size()), static_cast<std::uint32_t>(bytes),
                         static_cast<std::uint32_t>(offset)));
}

}  // namespace p2p::vault
