// A hash that whoever does not know its key cannot steer (Aumasson, Bernstein 2012): for tables whose keys strangers
// choose. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace p2p {

/// SipHash-2-4. The key is random, and new for each process.
class SipHash {
 public:
  using Key = std::array<std::uint64_t, 2>;
  explicit SipHash(Key key) : key_(key) {}
  std::uint64_t operator()(std::string_view bytes) const noexcept;

 private:
  Key key_;
};

}  // namespace p2p
