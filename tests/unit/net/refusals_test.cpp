#include "net/refusals.hpp"

#include <doctest/doctest.h>

namespace p2p::net {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a refusal is said once, and then once an hour with how often it was") {
  Refusals refusals;
  const Monotonic begin{};
  CHECK(refusals.add("a: revoked", begin) == 1);
  for (int i = 1; i < 60; ++i) CHECK_FALSE(refusals.add("a: revoked", begin + i * 1min).has_value());
  CHECK(refusals.add("b: revoked", begin + 5s) == 1);
  CHECK(refusals.add("a: revoked", begin + 60min) == 60);
  CHECK_FALSE(refusals.add("a: revoked", begin + 61min).has_value());
}

TEST_CASE("of a flood of different ones so many are said, until they are old") {
  Refusals refusals;
  const Monotonic begin{};
  std::size_t said = 0;
  for (int i = 0; i < 1000; ++i) said += refusals.add(std::to_string(i), begin).has_value();
  CHECK(said == Refusals::kMostKnown);
  CHECK(refusals.add("another", begin + 1h) == 1);
}

}  // namespace
}  // namespace p2p::net
