#include "logs/sources/file_position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/sip_hash.hpp"
#include "base/text.hpp"
#include "logs/source_position.hpp"

namespace p2p::logs {
namespace {

/// Only tells files apart, which nobody gains by confusing: the key need not be secret.
std::uint64_t hash_of(std::string_view bytes) { return SipHash({0x7032702d, 0x66696c65})(bytes); }

}  // namespace

std::string FilePosition::to_text() const { return fmt::format("{}-{}-{:016x}", offset, head_bytes, head_hash); }

bool FilePosition::fits(std::string_view head, std::uint64_t size) const {
  return size >= offset && head.size() >= head_bytes && hash_of(head.substr(0, head_bytes)) == head_hash;
}

FilePosition position_at(std::uint64_t offset, std::string_view head) {
  const std::size_t count = std::min<std::uint64_t>({offset, head.size(), kHeadBytes});
  return {offset, count, hash_of(head.substr(0, count))};
}

std::optional<FilePosition> parse_file_position(std::string_view text) {
  FilePosition out;
  const char* const end = text.data() + text.size();
  const auto read = [&](const char* at, std::uint64_t& number, int base) {
    const auto [next, error] = std::from_chars(at, end, number, base);
    return error == std::errc{} ? next : nullptr;
  };
  const char* at = read(text.data(), out.offset, 10);
  if (at == nullptr || at == end || *at != '-') return {};
  at = read(at + 1, out.head_bytes, 10);
  if (at == nullptr || at == end || *at != '-') return {};
  at = read(at + 1, out.head_hash, 16);
  if (at != end || out.head_bytes > kHeadBytes || out.head_bytes > out.offset) return {};
  return out;
}

std::string file_key(const std::string& folder, std::uint64_t inode) {
  // A folder whose name is longer than a key is told by a hash.
  const bool fits = folder.size() <= kMaxSourceBytes / 2;
  return fmt::format("file:{}:{}", fits ? folder : fmt::format("{:016x}", hash_of(folder)), inode);
}

bool is_compressed_name(std::string_view name) {
  constexpr std::array<std::string_view, 8> kEndings{".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip", ".Z", ".lzma"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace p2p::logs
