// Which sequence numbers of one stream have come: everything up to a mark, and ranges beyond it. Pure.
#pragma once

#include <cstdint>
#include <map>

namespace p2p::logs {

class SeqTracker {
 public:
  /// Ranges beyond the mark that are remembered; further ones are refused. A worker sends in order and needs none.
  static constexpr std::size_t kMaxRanges = 1024;

  /// Everything up to and including `contiguous` has come.
  explicit SeqTracker(std::uint64_t contiguous) : contiguous_(contiguous) {}

  enum class Added : unsigned char { fresh, known, refused };
  /// Adds first … last: `known` when all of it had come, `refused` when there are too many ranges.
  Added add(std::uint64_t first, std::uint64_t last);

  /// The highest number up to which everything has come.
  std::uint64_t contiguous() const { return contiguous_; }

 private:
  std::uint64_t contiguous_;
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first → last, apart from each other and from the mark
};

}  // namespace p2p::logs
