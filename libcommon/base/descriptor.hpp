// Ownership of a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace p2p {

/// Closes it at destruction; a negative value is none. Movable.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) noexcept : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = other.release();
    }
    return *this;
  }
  ~Descriptor() { reset(); }
  int get() const noexcept { return value_; }
  explicit operator bool() const noexcept { return value_ >= 0; }
  /// Closes it.
  void reset() noexcept {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }
  /// It is the caller's from now on.
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

}  // namespace p2p
