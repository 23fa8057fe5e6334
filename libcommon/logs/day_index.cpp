#include "logs/day_index.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"

namespace p2p::logs {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is read and written as it stands in memory");

constexpr std::uint64_t kLinesPerGroup = 1 + kSignatureBits;
constexpr std::size_t kBitsOffset = 32;  // the checksum comes first in a line
constexpr std::size_t kGroupChecksumAt = 60;

/// Begun with the line's place, so that one that is elsewhere than it was written is no line.
std::uint32_t checksum_at(std::uint64_t line_number, const void* data, std::size_t bytes) {
  return libdeflate_crc32(libdeflate_crc32(0, &line_number, sizeof line_number), data, bytes);
}

Result<void> write_at(int file, const void* data, std::size_t bytes, std::uint64_t offset, const std::string& what) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::pwrite(file, from, bytes, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error(written < 0 ? errno : ENOSPC, what);
    from += written;
    offset += static_cast<std::uint64_t>(written);
    bytes -= static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace

IndexGroup::IndexGroup(std::uint64_t first) : first_(first), lines_(kWordsPerLine * kSignatureBits) {}

void IndexGroup::add(std::uint64_t number, std::uint64_t node, std::uint64_t logger, LogLevel level,
                     std::string_view message) {
  const std::uint64_t block = (number - first_) / kBlockRecords;
  if (block != block_) {
    finish_block();
    block_ = block;
  }
  add_message(signature_, message);
  add_origin(signature_, node, logger, level);
}

void IndexGroup::finish_block() {
  const std::size_t bit = kBitsOffset + block_;
  for (std::size_t i = 0; i < signature_.size(); ++i) {
    for (std::uint64_t word = std::exchange(signature_[i], 0); word != 0; word &= word - 1) {
      const std::size_t line = i * 64 + static_cast<std::size_t>(std::countr_zero(word));
      lines_[line * kWordsPerLine + bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
}

DayIndex::DayIndex(Descriptor file, Line head, std::filesystem::path path)
    : file_(std::move(file)), head_(head), path_(std::move(path)) {}

Result<std::shared_ptr<DayIndex>> DayIndex::open(const std::filesystem::path& path, const std::string& store_id,
                                                 std::uint64_t first_number) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kSecretMode));
  if (!file) return system_error(errno, path.string());
  Line head{};
  std::memcpy(head.data(), "P2PLOGX1", 8);
  std::memcpy(head.data() + 1, store_id.data(), std::min<std::size_t>(store_id.size(), 16));
  head[3] = first_number;
  std::shared_ptr<DayIndex> out(new DayIndex(std::move(file), head, path));
  if (const auto loaded = out->load(); !loaded) return loaded.error();
  return out;
}

Result<void> DayIndex::load() {
  Line line;
  const bool whole = ::pread(file_.get(), line.data(), kLineBytes, 0) == static_cast<ssize_t>(kLineBytes);
  if (!whole || line != head_) return begin_anew();
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return system_error(errno, path_.string());
  const std::uint64_t group_count = static_cast<std::uint64_t>(status.st_size) / kLineBytes / kLinesPerGroup;
  for (std::uint64_t i = 0; i < group_count; ++i) {
    const std::uint64_t at = 1 + i * kLinesPerGroup;
    std::uint32_t checksum = 0;
    if (::pread(file_.get(), line.data(), kLineBytes, static_cast<off_t>(at * kLineBytes)) < 0) break;
    std::memcpy(&checksum, reinterpret_cast<const char*>(line.data()) + kGroupChecksumAt, sizeof checksum);
    const NumberRange range{line[0], line[1]};
    const std::uint64_t least = groups_.empty() ? 1 : groups_.back().last + 1;
    if (checksum != checksum_at(at, line.data(), kGroupChecksumAt) || range.first < least || range.last < range.first)
      break;  // the end is broken: what follows is made again
    groups_.push_back(range);
  }
  return {};
}

Result<void> DayIndex::begin_anew() {
  {
    const std::lock_guard lock(mutex_);
    groups_.clear();
  }
  if (::ftruncate(file_.get(), 0) != 0) return system_error(errno, path_.string());
  damaged_.store(false);
  return write_at(file_.get(), head_.data(), kLineBytes, 0, path_.string());
}

std::uint64_t DayIndex::indexed_to() const {
  const std::lock_guard lock(mutex_);
  return groups_.empty() ? 0 : groups_.back().last;
}

std::uint64_t DayIndex::size_bytes() const {
  const std::lock_guard lock(mutex_);
  return (1 + groups_.size() * kLinesPerGroup) * kLineBytes;
}

std::vector<NumberRange> DayIndex::groups() const {
  const std::lock_guard lock(mutex_);
  return groups_;
}

Result<void> DayIndex::append(IndexGroup& group, std::uint64_t last) {
  group.finish_block();
  const std::uint64_t at = 1 + groups().size() * kLinesPerGroup;
  for (std::size_t i = 0; i < kSignatureBits; ++i) {
    auto* line = reinterpret_cast<char*>(group.lines_.data() + i * IndexGroup::kWordsPerLine);
    const std::uint32_t checksum = checksum_at(at + 1 + i, line + 4, kLineBytes - 4);
    std::memcpy(line, &checksum, sizeof checksum);
  }
  Line head{group.first_, last};
  const std::uint32_t checksum = checksum_at(at, head.data(), kGroupChecksumAt);
  std::memcpy(reinterpret_cast<char*>(head.data()) + kGroupChecksumAt, &checksum, sizeof checksum);
  // The head goes last: without it there is no group.
  if (auto written = write_at(file_.get(), group.lines_.data(), kSignatureBits * kLineBytes, (at + 1) * kLineBytes,
                              path_.string());
      !written)
    return written;
  if (auto written = write_at(file_.get(), head.data(), kLineBytes, at * kLineBytes, path_.string()); !written)
    return written;
  const std::lock_guard lock(mutex_);
  groups_.push_back({group.first_, last});
  return {};
}

bool DayIndex::read(std::uint64_t line_number, Line& line) const {
  const auto offset = static_cast<off_t>(line_number * kLineBytes);
  if (::pread(file_.get(), line.data(), kLineBytes, offset) != static_cast<ssize_t>(kLineBytes)) return false;
  const auto* bytes = reinterpret_cast<const char*>(line.data());
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, bytes, sizeof checksum);
  return checksum == checksum_at(line_number, bytes + 4, kLineBytes - 4);
}

bool DayIndex::has(std::size_t position, const NumberRange& group) const {
  const std::lock_guard lock(mutex_);
  return position < groups_.size() && groups_[position].first == group.first && groups_[position].last == group.last;
}

std::vector<NumberRange> DayIndex::find(std::size_t position, const NumberRange& group, const IndexQuery& query) {
  const std::uint64_t lines_at = 2 + position * kLinesPerGroup;
  Line found;
  found.fill(~std::uint64_t{0});
  const auto is_empty = [](const Line& line) {
    return line[0] >> kBitsOffset == 0 &&
           std::all_of(line.begin() + 1, line.end(), [](auto word) { return word == 0; });
  };
  for (const auto& clause : query.clauses) {
    Line any{};
    for (const auto& alternative : clause) {
      Line all = found;
      for (const TermBit bit : alternative) {
        Line line;
        if (!read(lines_at + bit, line)) {
          if (has(position, group)) damaged_.store(true);
          return {group};
        }
        for (std::size_t i = 0; i < all.size(); ++i) all[i] &= line[i];
        if (is_empty(all)) break;
      }
      for (std::size_t i = 0; i < all.size(); ++i) any[i] |= all[i];
    }
    found = any;
    if (is_empty(found)) break;
  }
  // It may have been begun anew meanwhile.
  if (!has(position, group)) return {group};
  std::vector<NumberRange> out;
  for (std::uint64_t block = 0; block < kGroupBlocks; ++block) {
    const std::size_t bit = kBitsOffset + block;
    if ((found[bit / 64] >> (bit % 64) & 1) == 0) continue;
    const std::uint64_t first = group.first + block * kBlockRecords;
    const std::uint64_t last = std::min(first + kBlockRecords - 1, group.last);
    if (first > group.last) break;
    if (!out.empty() && out.back().last + 1 == first)
      out.back().last = last;
    else
      out.push_back({first, last});
  }
  return out;
}

}  // namespace p2p::logs
