// Randomness comes in as an argument, so that the simulator can replay a seed.
#pragma once

#include <array>
#include <cstdint>

namespace p2p {

class Random {
 public:
  virtual ~Random() = default;
  /// 64 uniformly distributed bits.
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); bound must be positive.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
};

/// xoshiro256** (Blackman, Vigna 2018) seeded by splitmix64: fast, repeatable, and not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace p2p
