#include "base/random.hpp"

#include <doctest/doctest.h>

#include <set>

#include "base/system_random.hpp"

using namespace p2p;

namespace {

/// Gives prepared values, so that the arithmetic around them can be checked.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::vector<std::uint64_t> values) : values_(std::move(values)) {}
  std::uint64_t next() override { return values_.at(at_++); }

 private:
  std::vector<std::uint64_t> values_;
  std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("the seeded generator is xoshiro256** behind splitmix64") {
  // From the authors' C programs at prng.di.unimi.it, state filled by four calls of splitmix64.
  SeededRandom zero(0);
  CHECK(zero.next() == 0x99ec5f36cb75f2b4ULL);
  CHECK(zero.next() == 0xbf6e1f784956452aULL);
  CHECK(zero.next() == 0x1a5f849d4933e6e0ULL);
}

TEST_CASE("a seed replays, another seed differs") {
  SeededRandom a(7), b(7), c(8);
  for (int i = 0; i < 100; ++i) CHECK(a.next() == b.next());
  CHECK(a.next() != c.next());
}

TEST_CASE("below() throws away what would favour small results") {
  // 2^64 = 3 * 6148914691236517205 + 1: exactly one value, 0, must be rejected for a bound of 3.
  FixedRandom random({0, 1, 5});
  CHECK(random.below(3) == 1);
  CHECK(random.below(3) == 2);
  SeededRandom seeded(1);
  for (int i = 0; i < 1000; ++i) CHECK(seeded.below(7) < 7);
  CHECK(seeded.below(1) == 0);
}

TEST_CASE("unit() stays in [0, 1)") {
  FixedRandom random({0, ~0ULL});
  CHECK(random.unit() == 0.0);
  const double top = random.unit();
  CHECK(top < 1.0);
  CHECK(top > 0.999999);
}

TEST_CASE("the kernel's bytes have the length asked for and do not repeat") {
  std::set<Bytes> seen;
  for (int i = 0; i < 64; ++i) seen.insert(random_bytes(16));
  CHECK(seen.size() == 64);
  CHECK(random_bytes(0).empty());
}
