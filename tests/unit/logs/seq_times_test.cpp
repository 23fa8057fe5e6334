#include "logs/seq_times.hpp"

#include <doctest/doctest.h>

#include "logs/log_shipper.hpp"
#include "logs/memory_spool.hpp"

using namespace p2p;
using namespace p2p::logs;
using namespace std::chrono_literals;

namespace {

class HandClock final : public Clock {
 public:
  Monotonic monotonic() const override { return now; }
  WallTime wall() const override { return {}; }
  Monotonic now{1h};
};

}  // namespace

TEST_CASE("the lag is the age of the oldest record that is not stored") {
  HandClock clock;
  auto owned = std::make_unique<MemorySpool>(1);
  MemorySpool& spool = *owned;
  LogShipper shipper("n", std::move(owned), clock);
  CHECK(shipper.lag() == 0ms);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    LogRecord record;
    record.seq = seq;
    shipper.append(record);
    clock.now += 10s;
  }
  CHECK(shipper.lag() == 30s);
  spool.acknowledge(1);
  CHECK(shipper.lag() == 20s);
  spool.acknowledge(3);
  CHECK(shipper.lag() == 0ms);
}

TEST_CASE("a record's time is known to a tenth of a second") {
  SeqTimes times;
  const Monotonic begin{1h};
  for (std::uint64_t seq = 1; seq <= 1'000; ++seq) times.appended(seq, begin + seq * 10ms);
  for (const std::uint64_t seq : {1, 2, 57, 400, 1'000}) {
    const auto error = begin + seq * 10ms - times.time_of(seq);
    CHECK(error >= 0ms);
    CHECK(error < SeqTimes::kStep);
  }
}

TEST_CASE("a day without a coordinator is remembered in little memory, and never as shorter than it was") {
  SeqTimes times;
  const Monotonic begin{1h};
  for (std::uint64_t seq = 1; seq <= 864'000; ++seq) times.appended(seq, begin + seq * 100ms);
  CHECK(times.time_of(1) == begin + 100ms);
  const auto error = begin + 43'200s - times.time_of(432'000);
  CHECK(error >= 0ms);
  CHECK(error < 5min);
}
