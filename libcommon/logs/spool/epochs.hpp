// Which epoch the numbers of a spool belong to. Pure.
#pragma once

#include <cstdint>
#include <deque>

namespace p2p::logs {

/// Not thread-safe.
class Epochs {
 public:
  explicit Epochs(std::uint64_t epoch) : list_{{1, epoch}} {}

  std::uint64_t at(std::uint64_t seq) const { return find(seq)->epoch; }
  /// The last number of the epoch of `seq`; kMaxSeq while none follows.
  std::uint64_t end_at(std::uint64_t seq) const;
  /// Numbers from `first_seq` on, which is above those of other epochs, belong to this one.
  void add(std::uint64_t first_seq, std::uint64_t epoch);
  /// All numbers do.
  void replace(std::uint64_t epoch) { list_ = {{1, epoch}}; }
  /// Numbers below are asked for no more.
  void forget_before(std::uint64_t seq);

 private:
  struct Entry {
    std::uint64_t first_seq;
    std::uint64_t epoch;
  };
  std::deque<Entry>::const_iterator find(std::uint64_t seq) const;
  std::deque<Entry> list_;  // never empty
};

}  // namespace p2p::logs
