#include "crypto/secret_buffer.hpp"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace p2p::crypto {

SecretBuffer::SecretBuffer(std::size_t size) {
  if (size == 0) return;
  void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  ::madvise(pages, size, MADV_DONTDUMP);
  bytes_ = static_cast<std::uint8_t*>(pages);
  size_ = mapped_bytes_ = size;
}

SecretBuffer SecretBuffer::copy_of(ByteView bytes) {
  SecretBuffer out(bytes.size());
  if (!bytes.empty()) std::memcpy(out.bytes_, bytes.data(), bytes.size());
  return out;
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)) {}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  return *this;
}

SecretBuffer::~SecretBuffer() {
  if (mapped_bytes_ == 0) return;
  OPENSSL_cleanse(bytes_, size_);
  ::munmap(bytes_, mapped_bytes_);
}

void SecretBuffer::shrink(std::size_t size) noexcept {
  if (size < size_) OPENSSL_cleanse(bytes_ + size, size_ - size);
  size_ = size;
}

}  // namespace p2p::crypto
