// Secret text that is wiped when it is no longer needed: keys and passwords. It lives in OpenSSL's secure heap, which
// is locked in memory and left out of core dumps, where a program has set one up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p2p::crypto {

/// Locks memory for secrets, and has OpenSSL wipe what it frees; call once, before anything else of OpenSSL. Without
/// it, or when it is full, secrets are in ordinary memory, and are wiped all the same.
void set_up_secure_heap() noexcept;

/// As long as it lives, what OpenSSL frees on this thread is not wiped once more: for calls that free a million blocks
/// and wipe by themselves those that hold secrets.
class OpensslWipes {
 public:
  OpensslWipes() noexcept;
  OpensslWipes(const OpensslWipes&) = delete;
  OpensslWipes& operator=(const OpensslWipes&) = delete;
  ~OpensslWipes();
};

/// Overwrites the bytes in a way that the compiler keeps, and empties the string.
void wipe(std::string& text) noexcept;

/// Owns secret text; move-only, so that no copy is left behind. Throws std::bad_alloc when memory is out.
class Secret {
 public:
  Secret() = default;
  /// Wipes `text` once it is copied.
  explicit Secret(std::string text);
  /// Copies; wiping the source stays with its owner.
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// A zero byte follows it, for functions of C.
  std::string_view view() const noexcept {
    return bytes_ == nullptr ? std::string_view("") : std::string_view(bytes_, size_);
  }
  bool empty() const noexcept { return size_ == 0; }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace p2p::crypto
