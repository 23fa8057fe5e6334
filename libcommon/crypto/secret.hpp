// Text that is wiped when it is no longer needed: keys and passwords.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace p2p::crypto {

/// Overwrites the bytes in a way that the compiler keeps, and empties the string.
void wipe(std::string& text) noexcept;

/// Owns secret text; move-only, so that no copy is left behind. The capacity never grows after construction.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) noexcept : text_(std::move(text)) {}
  /// Copies; wiping the source stays with its owner.
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(text_); }

  std::string_view view() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace p2p::crypto
