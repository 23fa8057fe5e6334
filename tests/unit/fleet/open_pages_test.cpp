#include "../../../tools/p2p-node/web/open_pages.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace p2p;
using namespace p2p::node;

TEST_CASE("one session does not take the room of all pages") {
  OpenPages pages;
  std::vector<std::unique_ptr<OpenPages::Place>> open;
  const auto count = [&](std::uint8_t session, std::size_t wanted) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
      open.push_back(std::make_unique<OpenPages::Place>(pages, auth::SecretHash{session}));
      if (!open.back()->has_room())
        open.pop_back();
      else
        ++out;
    }
    return out;
  };
  CHECK(count(1, 600) == kMaxPagesOfSession);
  for (std::uint8_t session = 2; session <= 4; ++session) CHECK(count(session, 600) == kMaxPagesOfSession);
  CHECK(count(5, 1) == 0);  // that was all there is
  open.pop_back();
  CHECK(count(4, 2) == 1);
  open.clear();
  CHECK(count(5, 1) == 1);
}
