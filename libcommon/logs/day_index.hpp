// The search index of one day of the log store, in a file `logs-YYYY-MM-DD.idx` beside the day's own. It can be deleted
// at any time: it is made from the day again. It leads a search past records that cannot fit; whether the others do is
// for the search to look.
//
// Records are taken together in blocks of 64 numbers, and blocks in groups of 480. Of each block there is a signature
// (index_terms.hpp); within a group, signatures are stored by bit: a line of 64 bytes says which blocks have it. So a
// search reads one line a group for each bit that it looks for. Numbers are little-endian:
//
//   file    head, group…
//   head    "P2PLOGX1", store id (16 bytes), first number of the day (8), zeros; 64 bytes
//   group   first number (8), last number (8), zeros (44), checksum (4); 8192 lines
//   line    checksum (4); 480 bits, of block n: byte 4 + n / 8, bit n % 8
//
// A checksum is the CRC-32 of the rest of the 64 bytes, begun with the number of the line in the file.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "logs/index_terms.hpp"

namespace p2p::logs {

inline constexpr std::uint64_t kBlockRecords = 64;
inline constexpr std::uint64_t kGroupBlocks = 480;
/// Records that enter the index together.
inline constexpr std::uint64_t kIndexedTogether = kBlockRecords * kGroupBlocks;

struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive
};

/// What blocks must have: of each clause at least one alternative, of that all bits.
struct IndexQuery {
  using Alternative = std::vector<TermBit>;
  using Clause = std::vector<Alternative>;
  std::vector<Clause> clauses;
};

/// Collects the records of one group, in rising numbers.
class IndexGroup {
 public:
  /// `first` is the number of the first record.
  explicit IndexGroup(std::uint64_t first);
  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return first_ + kIndexedTogether; }  ///< the first number that does not belong to it
  void add(std::uint64_t number, std::uint64_t node, std::uint64_t logger, LogLevel level, std::string_view message);

 private:
  friend class DayIndex;
  static constexpr std::size_t kWordsPerLine = 8;
  void finish_block();
  std::uint64_t first_;
  std::uint64_t block_ = 0;
  Signature signature_{};
  std::vector<std::uint64_t> lines_;
};

/// Any thread; append() and begin_anew() are for one.
class DayIndex {
 public:
  /// Opens it, or begins one when there is none, or one of another day or with a broken end.
  static Result<std::shared_ptr<DayIndex>> open(const std::filesystem::path& path, const std::string& store_id,
                                                std::uint64_t first_number);

  /// The number of the last record that is in it, or that was deleted before it got there.
  std::uint64_t indexed_to() const;
  std::uint64_t size_bytes() const;
  /// The next group; `last` is the highest number that it answers for.
  Result<void> append(IndexGroup& group, std::uint64_t last);

  /// The ranges of each group, in rising order; between two of them there are no records.
  std::vector<NumberRange> groups() const;
  /// Parts of group `position` that may hold what is looked for, in rising order: all of it where the index is damaged.
  std::vector<NumberRange> find(std::size_t position, const NumberRange& group, const IndexQuery& query);

  /// A search met a line that is not what was written: the index is to be made anew.
  bool is_damaged() const { return damaged_.load(); }
  Result<void> begin_anew();

 private:
  static constexpr std::size_t kLineBytes = 64;
  using Line = std::array<std::uint64_t, kLineBytes / 8>;

  DayIndex(Descriptor file, Line head, std::filesystem::path path);
  Result<void> load();
  bool read(std::uint64_t line_number, Line& line) const;
  bool has(std::size_t position, const NumberRange& group) const;

  const Descriptor file_;
  const Line head_;
  const std::filesystem::path path_;
  std::atomic<bool> damaged_{false};
  mutable std::mutex mutex_;
  std::vector<NumberRange> groups_;
};

}  // namespace p2p::logs
