// Secret bytes of any size: pages of their own, left out of core dumps and wiped at the end.
#pragma once

#include <cstddef>

#include "base/bytes.hpp"

namespace p2p::crypto {

/// Owns the bytes; move-only. They are not locked in memory, as contents may exceed what may be locked.
class SecretBuffer {
 public:
  SecretBuffer() = default;
  /// `size` zero bytes, which cost memory when they are first touched. Throws std::bad_alloc when there is none.
  explicit SecretBuffer(std::size_t size);
  static SecretBuffer copy_of(ByteView bytes);
  SecretBuffer(SecretBuffer&& other) noexcept;
  SecretBuffer& operator=(SecretBuffer&& other) noexcept;
  ~SecretBuffer();

  std::uint8_t* data() noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }
  std::span<std::uint8_t> bytes() noexcept { return {bytes_, size_}; }
  ByteView view() const noexcept { return {bytes_, size_}; }
  /// Wipes what is beyond; `size` is at most size().
  void shrink(std::size_t size) noexcept;

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace p2p::crypto
