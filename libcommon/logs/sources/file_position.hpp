// Where a follower stands in a file, and how the file is known again: by its folder and inode, and by what it begins
// with, as inodes are used again and a truncated file keeps its own. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2p::logs {

/// What is compared of a file's beginning.
inline constexpr std::size_t kHeadBytes = 512;

struct FilePosition {
  std::uint64_t offset = 0;
  std::uint64_t head_bytes = 0;  ///< at most kHeadBytes, and at most `offset`
  std::uint64_t head_hash = 0;

  /// `<offset>-<head bytes>-<hash>`.
  std::string to_text() const;
  /// Whether a file that begins with `head` (up to kHeadBytes of it) and has `size` bytes can be the one.
  bool fits(std::string_view head, std::uint64_t size) const;
  bool operator==(const FilePosition&) const = default;
};

/// The position `offset` of a file that begins with `head`.
FilePosition position_at(std::uint64_t offset, std::string_view head);
/// Nothing for any other text.
std::optional<FilePosition> parse_file_position(std::string_view text);

/// `file:FOLDER:INODE`: device numbers change from one boot to the next, and names at a rotation, in the same folder.
std::string file_key(const std::string& folder, std::uint64_t inode);

/// Whether the name says that the content is compressed: an older log that was read as text already.
bool is_compressed_name(std::string_view name);

}  // namespace p2p::logs
