#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "base/byte_order.hpp"
#include "vault/archive.hpp"
#include "vault/archive_layout.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"

namespace p2p::vault {
namespace {

struct DecompressorDeleter {
  void operator()(libdeflate_decompressor* decompressor) const noexcept { libdeflate_free_decompressor(decompressor); }
};

Error damaged_archive(std::string_view why) { return {Errc::damaged, fmt::format("damaged content: {}", why)}; }

Error damaged_entry(std::string_view name, std::string_view why) {
  return damaged_archive(fmt::format("entry {}: {}", quoted_name(name), why));
}

std::uint16_t half(const std::uint8_t* at) { return get_little<std::uint16_t>(at); }
std::uint32_t word(const std::uint8_t* at) { return get_little<std::uint32_t>(at); }

/// The list of entries at the end of an archive.
struct Directory {
  ByteView bytes;
  std::size_t offset = 0;
  std::size_t count = 0;
};

/// The bytes of an entry in the archive, header included; none may lie in another's.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Result<Directory> find_directory(ByteView archive) {
  if (archive.size() < end::kSize) return damaged_archive("too short for an archive");
  const std::size_t end_offset = archive.size() - end::kSize;
  const std::uint8_t* at = archive.data() + end_offset;
  if (word(at) != kEndSignature || half(at + end::kCommentBytes) != 0) {
    return damaged_archive("no archive, or one with a comment");
  }
  const std::uint64_t bytes = word(at + end::kDirectoryBytes);
  const std::uint64_t offset = word(at + end::kDirectoryOffset);
  const std::uint16_t count = half(at + end::kCount);
  if (half(at + end::kDisk) != 0 || half(at + end::kDirectoryDisk) != 0 || half(at + end::kCountHere) != count ||
      offset + bytes != end_offset) {
    return damaged_archive("its directory is not where it should be");
  }
  return Directory{archive.subspan(offset, bytes), offset, count};
}

Result<void> check_kind(const PackedEntry& entry, std::uint16_t flags, std::uint16_t method) {
  if (auto checked = check_entry_name(entry.name); !checked) return damaged_archive(checked.error().context);
  if ((flags & kEncryptedFlag) != 0) return damaged_entry(entry.name, "encrypted once more");
  if (method != static_cast<std::uint16_t>(Method::stored) && method != static_cast<std::uint16_t>(Method::deflated)) {
    return damaged_entry(entry.name, fmt::format("compression method {} is not known", method));
  }
  return {};
}

/// Finds the packed bytes of an entry by its local header, which must be of the same name.
Result<Range> locate(ByteView archive, const Directory& directory, std::size_t offset, std::size_t packed_bytes,
                     PackedEntry& entry) {
  if (offset > directory.offset || directory.offset - offset < local::kSize) {
    return damaged_entry(entry.name, "it begins outside the archive");
  }
  const std::uint8_t* at = archive.data() + offset;
  const std::size_t name_bytes = half(at + local::kNameBytes);
  const std::size_t head_bytes = local::kSize + name_bytes + half(at + local::kExtraBytes);
  const std::size_t room = directory.offset - offset;
  if (word(at) != kLocalSignature || head_bytes > room || packed_bytes > room - head_bytes) {
    return damaged_entry(entry.name, "it reaches beyond the archive");
  }
  if (as_text(archive.subspan(offset + local::kSize, name_bytes)) != entry.name) {
    return damaged_entry(entry.name, "it is called otherwise in its own header");
  }
  entry.packed = archive.subspan(offset + head_bytes, packed_bytes);
  return Range{offset, offset + head_bytes + packed_bytes};
}

/// Reads the entry at the beginning of `left`, and takes it away there.
Result<PackedEntry> read_entry(ByteView archive, const Directory& directory, ByteView& left, Range& range) {
  if (left.size() < central::kSize || word(left.data()) != kCentralSignature) {
    return damaged_archive("its directory is cut off");
  }
  const std::uint8_t* at = left.data();
  const std::size_t name_bytes = half(at + central::kNameBytes);
  const std::size_t whole =
      central::kSize + name_bytes + half(at + central::kExtraBytes) + half(at + central::kCommentBytes);
  if (whole > left.size()) return damaged_archive("its directory is cut off");
  PackedEntry out{.name = std::string(as_text(left.subspan(central::kSize, name_bytes))),
                  .checksum = word(at + central::kChecksum),
                  .content_bytes = word(at + central::kContentBytes),
                  .modified = from_dos_time({half(at + central::kTime), half(at + central::kDate)}),
                  .packed = {}};
  const std::uint16_t method = half(at + central::kMethod);
  if (auto checked = check_kind(out, half(at + central::kFlags), method); !checked) return checked.error();
  out.method = static_cast<Method>(method);
  const std::size_t packed_bytes = word(at + central::kPackedBytes);
  if (out.method == Method::stored && packed_bytes != out.content_bytes) {
    return damaged_entry(out.name, "its two sizes differ");
  }
  const auto located = locate(archive, directory, word(at + central::kOffset), packed_bytes, out);
  if (!located) return located.error();
  range = *located;
  left = left.subspan(whole);
  return out;
}

/// Entries that share bytes are how a small archive inflates to a vast one.
Result<void> check_apart(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].begin < ranges[i - 1].end) return damaged_archive("entries overlap");
  }
  return {};
}

Result<void> check_names(const std::vector<PackedEntry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return damaged_entry(*twice, "it is there twice");
  for (const auto name : names) {
    for (std::size_t at = name.find('/'); at != std::string_view::npos; at = name.find('/', at + 1)) {
      const auto folder = name.substr(0, at);
      if (std::binary_search(names.begin(), names.end(), folder)) {
        return damaged_archive(name_clash(name, folder).context);
      }
    }
  }
  return {};
}

Result<void> inflate(const PackedEntry& entry, std::span<std::uint8_t> out) {
  const std::unique_ptr<libdeflate_decompressor, DecompressorDeleter> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  // Without a place for the actual size, anything but exactly as much as there is room for is an error.
  std::uint8_t none = 0;
  std::size_t used = 0;
  const auto outcome = libdeflate_deflate_decompress_ex(decompressor.get(), entry.packed.data(), entry.packed.size(),
                                                        out.empty() ? &none : out.data(), out.size(), &used, nullptr);
  if (outcome == LIBDEFLATE_SUCCESS && used == entry.packed.size()) return {};
  return damaged_entry(entry.name, "it does not inflate to its size");
}

}  // namespace

Result<std::vector<PackedEntry>> parse_archive(ByteView archive) {
  const auto directory = find_directory(archive);
  if (!directory) return directory.error();
  std::vector<PackedEntry> out;
  std::vector<Range> ranges;
  ByteView left = directory->bytes;
  std::uint64_t content_bytes = 0;
  for (std::size_t i = 0; i < directory->count; ++i) {
    auto entry = read_entry(archive, *directory, left, ranges.emplace_back());
    if (!entry) return entry.error();
    content_bytes += entry->content_bytes;
    if (content_bytes > kMaxContentBytes) {
      return damaged_archive(fmt::format("its entries inflate beyond {} bytes", kMaxContentBytes));
    }
    out.push_back(std::move(*entry));
  }
  if (!left.empty()) return damaged_archive("its directory has more than it says");
  if (auto apart = check_apart(std::move(ranges)); !apart) return apart.error();
  if (auto unique = check_names(out); !unique) return unique.error();
  return out;
}

Result<void> unpack(const PackedEntry& entry, std::span<std::uint8_t> out) {
  if (out.size() != entry.content_bytes) return damaged_entry(entry.name, "its size differs");
  if (entry.method == Method::deflated) {
    if (auto inflated = inflate(entry, out); !inflated) return inflated;
  } else if (!out.empty()) {
    std::memcpy(out.data(), entry.packed.data(), out.size());
  }
  if (libdeflate_crc32(0, out.data(), out.size()) != entry.checksum) {
    return damaged_entry(entry.name, "its checksum differs");
  }
  return {};
}

}  // namespace p2p::vault
