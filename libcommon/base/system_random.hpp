// Randomness of the kernel, good for secrets and identifiers.
#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace p2p {

/// getrandom(2). Thread-safe.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

/// `count` bytes of getrandom(2); ends the process when the kernel cannot give them, as nothing safe can follow.
Bytes random_bytes(std::size_t count);

}  // namespace p2p
