#include "logs/spool/disk_spool.hpp"

#include <sys/stat.h>

#include "spool_testing.hpp"

using namespace p2p;
using namespace p2p::logs;

TEST_CASE("what was not acknowledged is there after an end in order, and after a kill, with its epoch") {
  SpoolFixture fixture;
  fixture.open();
  const std::uint64_t epoch = fixture.spool->epoch();
  CHECK(fixture.spool->first_seq() == 1);
  CHECK(fixture.spool->last_seq() == 0);
  CHECK(fixture.spool->size_bytes() == 0);
  for (int i = 0; i < 500; ++i) fixture.append();
  fixture.wait_written();
  SpoolFixture killed;
  fixture.copy_to(killed);
  killed.open();
  CHECK(killed.spool->epoch() == epoch);
  CHECK(Read(killed.read_all()).seqs == rising(1, 500));
  fixture.spool->mark_sent(500);
  fixture.spool->acknowledge(200);
  fixture.open();
  CHECK(fixture.spool->epoch() == epoch);
  CHECK(fixture.spool->first_seq() == 201);
  CHECK(fixture.spool->size_bytes() > 0);
  for (int i = 0; i < 10; ++i) fixture.append();
  CHECK(Read(fixture.read_all()).seqs == rising(201, 510));
  fixture.spool->acknowledge(510);
  CHECK(fixture.spool->size_bytes() == 0);
  fixture.open();
  CHECK(fixture.spool->epoch() == epoch);
  CHECK(fixture.spool->first_seq() == 511);
  CHECK(fixture.spool->last_seq() == 510);
  CHECK(fixture.sink.count() == 0);  // all of that is normal
}

TEST_CASE("only the owner can read a spool") {
  SpoolFixture fixture;
  fixture.open();
  fixture.append();
  fixture.close();
  struct stat facts {};
  REQUIRE(::stat(fixture.path().c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0700);
  REQUIRE(fixture.files().size() == 1);
  REQUIRE(::stat(fixture.files()[0].c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE("a large backlog is read from many segments, and they go as it is acknowledged") {
  SpoolFixture fixture;
  fixture.open();
  for (int i = 0; i < 60'000; ++i) fixture.append(LogLevel::info, 200);
  CHECK(fixture.spool->last_seq() == 60'000);
  fixture.open();
  CHECK(fixture.files().size() >= 3);
  CHECK(Read(fixture.read_all(true)).seqs == rising(1, 60'000));
  fixture.wait_until([&] { return fixture.files().size() == 1; });
  fixture.open();
  CHECK(fixture.spool->first_seq() == 60'001);
}

TEST_CASE("while a reader follows, records that are appended reach it in order") {
  SpoolFixture fixture;
  fixture.open();
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i) fixture.append();
  });
  std::vector<std::uint64_t> seqs;
  while (seqs.size() < 20'000) {
    for (const auto seq : Read(fixture.read_all(true)).seqs) seqs.push_back(seq);
  }
  writer.join();
  CHECK(seqs == rising(1, 20'000));
}

TEST_CASE("many starts leave few files") {
  SpoolFixture fixture;
  for (int i = 0; i < 30; ++i) {
    fixture.open();
    fixture.append();
  }
  fixture.open();
  CHECK(fixture.files().size() <= 2);
  CHECK(Read(fixture.read_all()).seqs == rising(1, 30));
}

TEST_CASE("positions are kept with their records, and outlive the segments that they came in") {
  SpoolFixture fixture;
  fixture.max_bytes = 1 << 20;
  fixture.open();
  fixture.append(LogLevel::info, 100, {"file:a", "10"});
  fixture.append(LogLevel::info, 100, {"file:b", "7"});
  fixture.append(LogLevel::info, 100, {"file:a", "20"});
  fixture.wait_written();
  SpoolFixture killed;
  fixture.copy_to(killed);
  killed.open();
  CHECK(killed.spool->source_position("file:a") == "20");
  CHECK(killed.spool->source_position("file:b") == "7");
  // Several segments later, all being acknowledged.
  for (int i = 0; i < 3000; ++i) fixture.append();
  fixture.read_all(true);
  fixture.wait_until([&] { return fixture.files().size() == 1; });
  fixture.open();
  CHECK(fixture.spool->source_position("file:a") == "20");
  CHECK(fixture.spool->source_position("file:b") == "7");
  CHECK_FALSE(fixture.spool->source_position("file:c"));
}

TEST_CASE("a position is never ahead of the records that the spool has") {
  SpoolFixture fixture;
  fixture.open();
  for (int i = 1; i <= 50; ++i) fixture.append(LogLevel::info, 100, {"file:a", std::to_string(i)});
  fixture.close();
  const auto file = fixture.files().at(0);
  const std::string whole = slurp(file);
  for (std::size_t cut = kSegmentHeaderBytes; cut < whole.size(); cut += 37) {
    spew(file, whole.substr(0, cut));
    SpoolFixture after;
    fixture.copy_to(after);
    after.open();
    const auto position = after.spool->source_position("file:a");
    CHECK(std::stoull(position.value_or("0")) == after.spool->last_seq());
  }
}

TEST_CASE("over the cap the oldest of the lowest level go, and gaps count them exactly") {
  SpoolFixture fixture;
  fixture.max_bytes = 1 << 20;
  fixture.open();
  SeededRandom dice(3);
  LevelCounts written{};
  std::set<std::uint64_t> debug_seqs;
  for (int i = 0; i < 20'000; ++i) {
    const auto level = static_cast<LogLevel>(std::min<std::uint64_t>(dice.below(6), 3));
    fixture.append(level, 100 + dice.below(100));
    ++written[static_cast<std::size_t>(level)];
    if (i % 200 == 0) fixture.wait_until([&] { return fixture.bytes_on_disk() <= fixture.max_bytes; });
  }
  fixture.open();
  CHECK(fixture.bytes_on_disk() <= fixture.max_bytes);
  CHECK(fixture.bytes_on_disk() >= fixture.max_bytes / 4 * 3);
  const Read read(fixture.read_all());
  for (std::size_t level = 0; level < 5; ++level) CHECK(read.kept[level] + read.lost[level] == written[level]);
  CHECK(read.damaged == 0);
  // 20,000 records of about 200 bytes are four times the cap: DEBUG, INFO and WARNING (a sixth each) are not enough.
  CHECK(read.lost[0] > written[0] * 9 / 10);
  CHECK(read.lost[1] > written[1] * 9 / 10);
  CHECK(read.lost[2] > written[2] * 9 / 10);
  CHECK(read.lost[3] > 0);
  CHECK(read.kept[3] > 3000);
  CHECK(read.lost[4] == 0);
  CHECK(read.seqs.back() == 20'000);
  CHECK(fixture.files().size() < 40);
}

TEST_CASE("what was sent is not dropped, also after a restart") {
  SpoolFixture fixture;
  fixture.max_bytes = 256 << 10;
  fixture.open();
  for (int i = 0; i < 100; ++i) fixture.append(LogLevel::debug, 200);
  fixture.wait_written();
  fixture.spool->mark_sent(100);
  SpoolFixture killed;
  fixture.copy_to(killed);
  killed.max_bytes = fixture.max_bytes;
  killed.open();
  for (SpoolFixture* one : {&fixture, &killed}) {
    for (int i = 0; i < 3000; ++i) one->append(LogLevel::error, 200);
    one->open();
    const Read read(one->read_all());
    CHECK(read.kept[0] == 100);
    CHECK(read.lost[0] == 0);
    CHECK(read.lost[3] + read.kept[3] == 3000);
    CHECK(read.lost[3] > 1000);
  }
}

TEST_CASE("a machine that stopped, or an end that is damaged, begins a new epoch behind what is there") {
  SpoolFixture fixture;
  fixture.open();
  for (int i = 0; i < 100; ++i) fixture.append();
  fixture.wait_written();
  const std::uint64_t epoch = fixture.spool->epoch();
  SpoolFixture stopped;
  fixture.copy_to(stopped);
  fixture.close();
  fixture.boot = stopped.boot = BootId{9};
  // In order: nothing can be missing.
  fixture.open();
  fixture.append();
  CHECK(Read(fixture.read_all(true)).seqs == rising(1, 101));
  CHECK(fixture.spool->epoch() == epoch);
  // Not in order: the coordinator may have seen numbers behind 100 that are not in the spool.
  stopped.open();
  CHECK(stopped.sink.has("the machine stopped while the log spool was in use"));
  for (int start = 0; start < 3; ++start) {
    CAPTURE(start);
    for (int i = 0; i < 10; ++i) stopped.append();
    stopped.wait_until([&] { return stopped.spool->ready_to(100) == 100; });
    CHECK(stopped.spool->epoch() == epoch);
    CHECK(stopped.spool->epoch_end() == 100);
    stopped.open();
  }
  CHECK(Read(stopped.read_all(true)).seqs == rising(1, 100));
  const std::uint64_t next = stopped.spool->epoch();
  CHECK(next != epoch);
  CHECK(stopped.spool->first_seq() == 101);
  stopped.open();
  CHECK(stopped.spool->epoch() == next);
  CHECK(Read(stopped.read_all(true)).seqs == rising(101, 130));
  CHECK(stopped.spool->epoch() == next);
}

TEST_CASE("when the coordinator knows more than the spool, all goes on in a new epoch, which is kept") {
  SpoolFixture fixture;
  fixture.open();
  for (int i = 0; i < 10; ++i) fixture.append();
  fixture.wait_written();
  const std::uint64_t epoch = fixture.spool->epoch();
  fixture.spool->begin_epoch();
  const std::uint64_t next = fixture.spool->epoch();
  CHECK(next != epoch);
  fixture.append();
  CHECK(Read(fixture.read_all()).seqs == rising(1, 11));
  SpoolFixture killed;
  fixture.copy_to(killed);
  killed.open();
  CHECK(killed.spool->epoch() == next);
  CHECK(killed.spool->epoch_end() == kMaxSeq);
  CHECK(Read(killed.read_all()).seqs == rising(1, 11));
}

TEST_CASE("a record of the largest size is kept") {
  SpoolFixture fixture;
  fixture.max_bytes = 1 << 20;
  fixture.open();
  LogRecord record = make_record(1, "1 " + std::string(kMaxMessageBytes - 2, 'x'));
  record.attrs = R"({"a":")" + std::string(kMaxAttrsBytes - 8, 'y') + R"("})";
  normalise(record);
  fixture.spool->append(1, record.level, encode_item(record), {});
  fixture.wait_written();
  fixture.spool->mark_sent(1);
  fixture.open();
  const auto items = fixture.read_all();
  REQUIRE(items.size() == 1);
  CHECK(std::get<LogRecord>(items[0]).message == record.message);
  CHECK(std::get<LogRecord>(items[0]).attrs == record.attrs);
}

TEST_CASE("what the shipper took is not dropped any more, however much comes") {
  SpoolFixture fixture;
  fixture.max_bytes = 64 << 10;
  fixture.open();
  for (int i = 0; i < 20; ++i) fixture.append(LogLevel::debug);
  fixture.wait_until([&] { return fixture.spool->ready_to(1) >= 1; });
  const std::uint64_t taken = fixture.spool->take_from(1, 1000).last_seq;
  REQUIRE(taken >= 1);
  // A few at a time: of what waits for a slow disk, more than the cap is dropped before it can take another's place.
  for (int i = 0; i < 2000; ++i) {
    fixture.append(LogLevel::error);
    if (i % 100 == 99) fixture.wait_written();
  }
  const Read read(fixture.read_all());
  REQUIRE(read.seqs.size() > taken);
  CHECK(std::vector<std::uint64_t>(read.seqs.begin(), read.seqs.begin() + static_cast<std::ptrdiff_t>(taken)) ==
        rising(1, taken));
  CHECK(read.lost[0] == 20 - taken);
}
