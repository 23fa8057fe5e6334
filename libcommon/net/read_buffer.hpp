// Bytes received and not yet understood: one flat block, so that a head is seen whole.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace p2p::net {

class ReadBuffer {
 public:
  std::string_view view() const { return {bytes_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  /// Room for at least `count` more bytes; commit() says how many came.
  std::span<char> room(std::size_t count) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (bytes_.size() - end_ < count) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
      end_ -= begin_;
      begin_ = 0;
      bytes_.resize(end_ + count);
    }
    return {bytes_.data() + end_, bytes_.size() - end_};
  }
  void commit(std::size_t count) { end_ += count; }
  void consume(std::size_t count) { begin_ += count; }

  /// An idle connection keeps no large block.
  void shrink_when_empty(std::size_t keep_bytes) {
    if (!empty() || bytes_.capacity() <= keep_bytes) return;
    bytes_ = {};
    begin_ = end_ = 0;
  }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace p2p::net
