#include "crypto/secret.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace p2p::crypto {
namespace {

// The usual limit of locked memory is 8 MiB, and other parts of the process may want some of it.
constexpr std::size_t kSecureHeapBytes = std::size_t{1} << 20;
constexpr std::size_t kSmallestBlockBytes = 32;

thread_local int wipes_itself = 0;

// What OpenSSL gives back is wiped: passwords, keys and their scalars pass through many a buffer of it.
void* allocate_for_openssl(std::size_t size, const char*, int) { return std::malloc(size); }  // NOLINT
void free_for_openssl(void* block, const char*, int) {
  if (block != nullptr && wipes_itself == 0) OPENSSL_cleanse(block, ::malloc_usable_size(block));
  std::free(block);  // NOLINT
}
void* reallocate_for_openssl(void* block, std::size_t size, const char* file, int line) {
  if (block == nullptr) return std::malloc(size);  // NOLINT
  if (size == 0) {
    free_for_openssl(block, file, line);
    return nullptr;
  }
  const std::size_t had = ::malloc_usable_size(block);
  if (size <= had) return block;
  void* out = std::malloc(size);  // NOLINT
  if (out == nullptr) return nullptr;
  std::memcpy(out, block, had);
  free_for_openssl(block, file, line);
  return out;
}

char* allocate(std::size_t size) {
  void* out = OPENSSL_secure_malloc(size);
  if (out == nullptr) out = OPENSSL_malloc(size);
  if (out == nullptr) throw std::bad_alloc();
  return static_cast<char*>(out);
}

}  // namespace

void set_up_secure_heap() noexcept {
  CRYPTO_set_mem_functions(allocate_for_openssl, reallocate_for_openssl, free_for_openssl);
  CRYPTO_secure_malloc_init(kSecureHeapBytes, kSmallestBlockBytes);
}

OpensslWipes::OpensslWipes() noexcept { ++wipes_itself; }
OpensslWipes::~OpensslWipes() { --wipes_itself; }

void wipe(std::string& text) noexcept {
  // A moved-from short string keeps its bytes beyond size(), so the whole capacity goes.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string text) : Secret(std::string_view(text)) { wipe(text); }

Secret::Secret(std::string_view text) : bytes_(allocate(text.size() + 1)), size_(text.size()) {
  if (size_ != 0) std::memcpy(bytes_, text.data(), size_);
  bytes_[size_] = '\0';
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

// Frees what is not of the secure heap as well.
Secret::~Secret() { OPENSSL_secure_clear_free(bytes_, bytes_ == nullptr ? 0 : size_ + 1); }

}  // namespace p2p::crypto
