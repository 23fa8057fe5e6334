#include "logs/source_position.hpp"

#include <unistd.h>

#include "log_testing.hpp"
#include "logs/log_shipper.hpp"
#include "logs/memory_spool.hpp"
#include "logs/node_log.hpp"
#include "logs/source_positions.hpp"

using namespace p2p;
using namespace p2p::logs;

TEST_CASE("a record's position goes with it, and the last one of each source is known") {
  TestClock clock;
  LogShipper shipper("n", std::make_unique<MemorySpool>(1), clock);
  NodeLog log(clock, LogLevel::info, LineStyle::plain, STDERR_FILENO);
  log.attach("n", shipper.next_seq(),
             [&](const LogRecord& record, const SourcePosition& position) { shipper.append(record, position); });
  log.submit(make_record(0), {"file:a", "10"});
  log.submit(make_record(0), {"file:b", "7"});
  log.submit(make_record(0), {"file:a", "20"});
  log.submit(make_record(0));
  CHECK(shipper.source_position("file:a") == "20");
  CHECK(shipper.source_position("file:b") == "7");
  CHECK_FALSE(shipper.source_position("file:c"));
  CHECK_FALSE(shipper.source_position(""));
}

TEST_CASE("of too many sources the one that was silent longest is forgotten") {
  SourcePositions positions;
  for (std::size_t i = 0; i < kMaxSources; ++i) positions.set({std::to_string(i), "1"});
  positions.set({"0", "2"});
  positions.set({"one more", "1"});
  positions.set({std::string(kMaxSourceBytes + 1, 'x'), "1"});
  CHECK(positions.find("0") == "2");
  CHECK_FALSE(positions.find("1"));
  CHECK(positions.find("2"));
  CHECK(positions.all().size() == kMaxSources);
  CHECK(positions.all().back() == SourcePosition{"one more", "1"});
}

TEST_CASE("a source that can wait sees when there is no room, and when there is again") {
  TestClock clock;
  LogShipper shipper("n", std::make_unique<MemorySpool>(1, 100'000), clock);
  while (shipper.has_room()) shipper.append(make_record(shipper.next_seq(), std::string(1000, 'x')));
  CHECK(shipper.spool_bytes() < 80'000);  // nothing was dropped yet
  shipper.on_connected();
  const std::uint64_t last = shipper.next_seq() - 1;
  REQUIRE(shipper.on_message(encode(AckMessage{1, 0, true})).has_value());
  CHECK_FALSE(shipper.has_room());
  REQUIRE(shipper.on_message(encode(AckMessage{1, last, false})).has_value());
  CHECK(shipper.has_room());
}
