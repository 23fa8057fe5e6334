#include "addresses/settling.hpp"

#include <doctest/doctest.h>

namespace p2p::addresses {
namespace {

using namespace std::chrono_literals;
const Monotonic kStart{500s};

}  // namespace

TEST_CASE("a change is looked at after 250 ms of quiet") {
  Settling settling(kStart);
  settling.changed(kStart + 1s);
  CHECK_FALSE(settling.is_due(kStart + 1249ms));
  CHECK(settling.is_due(kStart + 1250ms));
  settling.changed(kStart + 1200ms);
  CHECK(settling.next_look() == kStart + 1450ms);
}

TEST_CASE("changes without end are looked at once a second") {
  Settling settling(kStart);
  int looks = 0;
  for (auto now = kStart; now < kStart + 60s; now += 6ms) {  // 10,000 a minute
    settling.changed(now);
    if (settling.is_due(now)) {
      ++looks;
      settling.looked(now);
    }
  }
  CHECK(looks >= 55);
  CHECK(looks <= 60);
}

TEST_CASE("after lost changes the look is due at once") {
  Settling settling(kStart);
  settling.overflowed(kStart + 5ms);
  CHECK(settling.is_due(kStart + 5ms));
  settling.looked(kStart + 5ms);
  CHECK_FALSE(settling.is_due(kStart + 6ms));
}

TEST_CASE("without changes it looks every 15 seconds") {
  Settling settling(kStart);
  CHECK(settling.next_look() == kStart + 15s);
  settling.looked(kStart + 20s);
  CHECK(settling.next_look() == kStart + 35s);
}

}  // namespace p2p::addresses
