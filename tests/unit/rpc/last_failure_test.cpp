#include "rpc/last_failure.hpp"

#include <doctest/doctest.h>

namespace p2p::rpc {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the last failure of a method is kept for ten seconds before a newer one takes its place") {
  LastFailure last;
  CHECK_FALSE(last.get().has_value());
  constexpr Monotonic kThen{100s};
  last.note({Code::service_failed, "first", "{}"}, kThen);
  last.note({Code::timeout, "second"}, kThen + 9s);
  REQUIRE(last.get().has_value());
  CHECK(last.get()->message == "first");
  CHECK(last.get()->data == "{}");
  last.note({Code::timeout, "third"}, kThen + 10s);
  CHECK(last.get()->message == "third");
  CHECK(last.get()->code == Code::timeout);
}

TEST_CASE("of a long failure so much is kept as can be shown") {
  LastFailure last;
  last.note({Code::service_failed, std::string(100'000, 'm'), '"' + std::string(100'000, 'd') + '"'}, Monotonic{1s});
  REQUIRE(last.get().has_value());
  CHECK(last.get()->message == std::string(1'000, 'm'));
  CHECK(last.get()->data.empty());
}

}  // namespace
}  // namespace p2p::rpc
