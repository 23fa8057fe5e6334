#include "acme/nonces.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"

using namespace p2p;
using namespace p2p::acme;

namespace {
const WallTime kNonceNow{std::chrono::seconds{1'800'000'000}};
}

TEST_CASE("a nonce is taken once") {
  Nonces nonces;
  const auto first = nonces.make(kNonceNow);
  const auto second = nonces.make(kNonceNow);
  CHECK(first != second);
  CHECK(to_base64url(from_base64url(first).value()) == first);
  CHECK(nonces.take(second, kNonceNow));
  CHECK(nonces.take(first, kNonceNow));
  CHECK_FALSE(nonces.take(first, kNonceNow));
  CHECK_FALSE(nonces.take(second, kNonceNow));
}

TEST_CASE("only what was given is taken") {
  Nonces nonces, others;
  const auto good = nonces.make(kNonceNow);
  CHECK_FALSE(nonces.take(others.make(kNonceNow), kNonceNow));
  CHECK_FALSE(nonces.take("", kNonceNow));
  CHECK_FALSE(nonces.take(good + "A", kNonceNow));
  CHECK_FALSE(nonces.take(std::string(good.size(), 'A'), kNonceNow));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string forged = good;
    forged[i] = forged[i] == 'B' ? 'C' : 'B';
    CHECK_FALSE(nonces.take(forged, kNonceNow));
  }
  CHECK(nonces.take(good, kNonceNow));
}

TEST_CASE("a nonce grows old") {
  Nonces nonces;
  const auto early = nonces.make(kNonceNow), late = nonces.make(kNonceNow);
  CHECK(nonces.take(early, kNonceNow + kNonceLifetime));
  CHECK_FALSE(nonces.take(late, kNonceNow + kNonceLifetime + std::chrono::seconds(1)));
}

TEST_CASE("those that fell out of the window are refused, not taken twice") {
  Nonces nonces(4);
  std::vector<std::string> given;
  for (int i = 0; i < 6; ++i) given.push_back(nonces.make(kNonceNow));
  CHECK_FALSE(nonces.take(given[0], kNonceNow));
  CHECK_FALSE(nonces.take(given[1], kNonceNow));
  for (int i = 2; i < 6; ++i) CHECK(nonces.take(given[static_cast<std::size_t>(i)], kNonceNow));
  for (const auto& nonce : given) CHECK_FALSE(nonces.take(nonce, kNonceNow));
}

TEST_CASE("the window against a set, for every order of giving and taking") {
  SeededRandom random(7);
  ReplayWindow window(16);
  std::set<std::uint64_t> open;
  std::uint64_t given = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random.below(2) == 0) {
      CHECK(window.give() == given);
      open.insert(given++);
      if (given > 16) open.erase(given - 17);
    } else {
      const std::uint64_t number = random.below(given + 3);
      CHECK(window.take(number) == (open.erase(number) == 1));
    }
  }
}
