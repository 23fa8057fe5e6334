#include "logs/hub.hpp"

#include <doctest/doctest.h>

using namespace p2p::logs;

namespace {

CommittedBatchPtr commit(std::uint64_t first, std::uint64_t last, std::size_t bytes = 100) {
  auto out = std::make_shared<CommittedBatch>();
  for (std::uint64_t number = first; number <= last; ++number) out->records.push_back({number, {}});
  out->last_number = last;
  out->bytes = bytes;
  return out;
}

}  // namespace

TEST_CASE("a reader gets what follows its number, or is sent to the store") {
  Hub hub(10, 250);
  CHECK(hub.after(10, 100).batches.empty());
  CHECK(hub.after(10, 100).in_memory);
  CHECK_FALSE(hub.after(9, 100).in_memory);
  hub.publish(commit(11, 12));
  hub.publish(commit(13, 13));
  CHECK(hub.after(10, 100).batches.size() == 2);
  CHECK(hub.after(11, 100).batches.size() == 2);  // the first holds 12
  CHECK(hub.after(12, 100).batches.size() == 1);
  CHECK(hub.after(13, 100).batches.empty());
  CHECK(hub.after(10, 1).batches.size() == 1);
  hub.publish(commit(14, 20));  // pushes 11 and 12 out of the ring
  CHECK_FALSE(hub.after(11, 100).in_memory);
  CHECK(hub.after(12, 100).in_memory);
  CHECK(hub.after(12, 100).batches.size() == 2);
  // A reader that the store has told more than the hub knows waits.
  CHECK(hub.after(25, 100).batches.empty());
  CHECK(hub.after(25, 100).in_memory);
}

TEST_CASE("a commit larger than the ring sends everyone to the store") {
  Hub hub(0, 250);
  hub.publish(commit(1, 5, 1000));
  CHECK_FALSE(hub.after(0, 100).in_memory);
  CHECK(hub.after(5, 100).in_memory);
}

TEST_CASE("subscribers are woken until they leave") {
  Hub hub(0);
  int woken = 0;
  {
    const Hub::Subscription subscription(hub, [&] { ++woken; });
    hub.publish(commit(1, 1));
    CHECK(woken == 1);
  }
  hub.publish(commit(2, 2));
  CHECK(woken == 1);
}
