// A spool whose disk is full or fails, and one that is killed between any two system calls.
#include <cerrno>

#include "logs/log_shipper.hpp"
#include "spool_testing.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

/// The real disk, on which what takes room can fail: a quarter is written then. The thread of the spool works on it
/// while the test switches.
class FailingDisk final : public Disk {
 public:
  std::atomic<int> write_errno{0};
  std::atomic<int> sync_errno{0};
  std::atomic<int> writes_left{-1};  ///< before a "kill", after which nothing changes any more; -1 for no end
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> synced{0};
  std::atomic<std::uint64_t> removed{0};
  std::atomic<std::uint64_t> removed_unsynced{0};  ///< before anything was synced

  /// Until the returned lock is gone, whatever is written hangs.
  std::unique_lock<std::mutex> hang() { return std::unique_lock(hanging_); }

  int create(const std::filesystem::path& path, mode_t mode) override {
    if (!may_change()) return -EIO;
    if (write_errno != 0) return fail(write_errno);
    return system_disk().create(path, mode);
  }
  int give_to(int file, uid_t user, gid_t group) override { return system_disk().give_to(file, user, group); }
  int reserve(int file, std::uint64_t bytes) override { return system_disk().reserve(file, bytes); }
  ssize_t write(int file, ByteView bytes) override {
    const std::lock_guard until_it_answers(hanging_);
    if (!may_change()) {
      if (writes_left_before_ == 1) (void)system_disk().write(file, bytes.first(bytes.size() / 4));
      return -EIO;
    }
    if (write_errno == 0) return system_disk().write(file, bytes);
    if (bytes.size() >= 4 && !std::exchange(was_partial_, true))
      return system_disk().write(file, bytes.first(bytes.size() / 4));
    was_partial_ = false;
    return fail(write_errno);
  }
  int start_sync(int file) override { return system_disk().start_sync(file); }
  int sync(int file) override {
    if (sync_errno != 0) return fail(sync_errno);
    ++synced;
    return system_disk().sync(file);
  }
  int close(int file) override { return system_disk().close(file); }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return may_change() ? system_disk().rename(from, to) : -EIO;
  }
  int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return may_change() ? system_disk().rename_new(from, to) : -EIO;
  }
  int link(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return may_change() ? system_disk().link(from, to) : -EIO;
  }
  int unlink(const std::filesystem::path& path) override {
    if (!may_change()) return -EIO;
    if (synced == 0) ++removed_unsynced;
    ++removed;
    return system_disk().unlink(path);
  }
  int sync_folder(const std::filesystem::path& folder) override { return system_disk().sync_folder(folder); }

 private:
  int fail(int error) {
    ++failed;
    return -error;
  }
  bool may_change() {
    writes_left_before_ = writes_left.load();
    if (writes_left_before_ < 0) return true;
    if (writes_left_before_ > 0) --writes_left;
    return writes_left > 0;
  }
  std::mutex hanging_;
  bool was_partial_ = false;
  int writes_left_before_ = -1;
};

struct FailingFixture : SpoolFixture {
  FailingDisk failing;
  FailingFixture() { disk = &failing; }
  ~FailingFixture() { close(); }
};

}  // namespace

TEST_CASE("on a full disk records wait in memory, once it has room all are written, and each is said once") {
  FailingFixture fixture;
  fixture.open();
  for (int i = 0; i < 100; ++i) fixture.append();
  fixture.wait_written();
  fixture.failing.write_errno = ENOSPC;
  for (int i = 0; i < 100; ++i) fixture.append();
  fixture.wait_until([&] { return fixture.trouble().has_value(); });
  CHECK(fixture.trouble()->find("No space left on device") != std::string::npos);
  // Tried again, and what comes meanwhile waits too.
  const std::uint64_t failed = fixture.failing.failed;
  for (int i = 0; i < 100; ++i) fixture.append();
  fixture.wait_until([&] { return fixture.failing.failed > failed; });
  CHECK(fixture.sink.count("the log spool cannot be written") == 1);
  fixture.wait_until([&] { return fixture.spool->ready_to(100) == 100; });
  CHECK(fixture.spool->is_failing());
  SpoolFixture killed;
  fixture.copy_to(killed);
  killed.open();
  CHECK(Read(killed.read_all()).seqs == rising(1, 100));
  fixture.failing.write_errno = 0;
  fixture.wait_until([&] { return !fixture.trouble().has_value(); });
  CHECK_FALSE(fixture.spool->is_failing());
  CHECK(fixture.sink.count("the log spool is written again") == 1);
  CHECK(Read(fixture.read_all()).seqs == rising(1, 300));
  fixture.open();
  CHECK(Read(fixture.read_all()).seqs == rising(1, 300));
}

TEST_CASE("memory that waits for a full disk is bounded: the oldest of the lowest level go, and are counted") {
  FailingFixture fixture;
  fixture.max_bytes = 1 << 20;  // also what waits in memory
  fixture.failing.write_errno = ENOSPC;
  fixture.open();
  LevelCounts written{};
  for (int i = 0; i < 30'000; ++i) {
    const auto level = i % 10 == 0 ? LogLevel::error : LogLevel::debug;
    fixture.append(level, 150);
    ++written[static_cast<std::size_t>(level)];
  }
  CHECK(fixture.spool->size_bytes() < 3 << 20);
  CHECK_FALSE(fixture.spool->has_room());
  fixture.wait_until([&] { return fixture.trouble().has_value(); });
  fixture.failing.write_errno = 0;
  fixture.wait_until([&] { return !fixture.trouble().has_value(); });
  fixture.open();
  const Read read(fixture.read_all());
  CHECK(read.kept[0] + read.lost[0] == written[0]);
  CHECK(read.kept[3] == 3000);
  CHECK(read.lost[3] == 0);
  CHECK(read.lost[0] > 20'000);
}

TEST_CASE("what waits for a disk that hangs is kept as long as records of lower levels are on the disk") {
  FailingFixture fixture;
  fixture.open();
  for (int i = 0; i < 1'000; ++i) fixture.append(LogLevel::debug);
  fixture.wait_written();
  auto hanging = fixture.failing.hang();
  // More than waits where nothing else could go; those of the lowest level go then as before.
  for (int i = 0; i < 30'000; ++i) fixture.append(i % 10 == 0 ? LogLevel::debug : LogLevel::error, 1'000);
  hanging = {};
  fixture.open();
  const Read read(fixture.read_all(true));
  CHECK(read.lost[3] == 0);
  CHECK(read.kept[3] == 27'000);
  CHECK(read.lost[0] > 1'000);
  CHECK(read.kept[0] + read.lost[0] == 4'000);
}

TEST_CASE("where disk and memory together exceed the cap, what is older and lower goes from the disk once it answers") {
  FailingFixture fixture;
  fixture.max_bytes = 24 << 20;
  fixture.open();
  for (int i = 0; i < 20'000; ++i) fixture.append(LogLevel::debug, 900);
  fixture.wait_written();
  auto hanging = fixture.failing.hang();
  for (int i = 0; i < 20'000; ++i) fixture.append(LogLevel::warning, 900);
  hanging = {};
  fixture.open();
  const auto items = fixture.read_all(true);
  const Read read(items);
  CHECK(read.lost[2] == 0);
  CHECK(read.kept[2] == 20'000);
  CHECK(read.lost[0] > 10'000);
  // The oldest went.
  REQUIRE(read.seqs.size() > 20'000);
  CHECK(read.seqs == rising(40'001 - read.seqs.size(), 40'000));
  CHECK(fixture.bytes_on_disk() <= fixture.max_bytes);
}

TEST_CASE("what waits for a disk that hangs is bounded, whatever is on the disk") {
  FailingFixture fixture;
  fixture.open();
  for (int i = 0; i < 1'000; ++i) fixture.append(LogLevel::debug);
  fixture.wait_written();
  auto hanging = fixture.failing.hang();
  for (int i = 0; i < 90'000; ++i) fixture.append(LogLevel::error, 1'000);
  // Beside what waits there is what is being written.
  CHECK(fixture.spool->size_bytes() < kSpoolStarvedBytes + kSpoolWriteBytes + (1 << 20));
  hanging = {};
  fixture.open();
  const Read read(fixture.read_all(true));
  CHECK(read.kept[0] == 1'000);
  CHECK(read.kept[3] > 50'000);
  CHECK(read.kept[3] + read.lost[3] == 90'000);
}

TEST_CASE("a disk that cannot sync is said once, and records are written and shipped all the same") {
  FailingFixture fixture;
  fixture.failing.sync_errno = EIO;
  fixture.open();
  fixture.append();
  fixture.wait_until([&] { return fixture.trouble().has_value(); });
  fixture.append();
  fixture.wait_written();
  CHECK(Read(fixture.read_all()).seqs == rising(1, 2));
  fixture.failing.sync_errno = 0;
  fixture.append();
  fixture.wait_until([&] { return !fixture.trouble().has_value(); });
  CHECK(fixture.sink.count("cannot be written") == 1);
}

TEST_CASE("what nobody has acknowledged is synced; what the coordinator has stored need not be") {
  FailingFixture fixture;
  fixture.open();
  fixture.append();
  fixture.wait_until([&] { return fixture.failing.synced > 0; });
  // A sync that failed is no trouble any more once nothing has to be on the disk.
  fixture.failing.sync_errno = EIO;
  fixture.append();
  fixture.wait_until([&] { return fixture.trouble().has_value(); });
  const std::uint64_t failed = fixture.failing.failed;
  fixture.append();
  fixture.wait_written();
  fixture.spool->acknowledge(fixture.spool->last_seq());
  fixture.wait_until([&] { return !fixture.trouble().has_value(); });
  CHECK(fixture.failing.failed == failed);
  CHECK_FALSE(fixture.spool->is_failing());
  fixture.failing.sync_errno = 0;
}

TEST_CASE("segments that are stored go only once the one with the positions of all sources is on the disk") {
  FailingFixture fixture;
  fixture.max_bytes = 64 << 10;
  fixture.open();
  for (int i = 0; i < 100; ++i) {
    fixture.append(LogLevel::info, 500, {"file:a", std::to_string(i)});
    if (i % 10 == 9) {
      fixture.wait_written();
      fixture.spool->acknowledge(fixture.spool->last_seq());
    }
  }
  fixture.wait_until([&] { return fixture.failing.removed >= 5; });
  CHECK(fixture.failing.removed_unsynced == 0);
}

TEST_CASE("an epoch that could not be written yet is written at the end") {
  FailingFixture fixture;
  fixture.open();
  fixture.append();
  fixture.wait_written();
  fixture.failing.write_errno = ENOSPC;
  fixture.spool->begin_epoch();
  fixture.wait_until([&] { return fixture.trouble().has_value(); });
  const std::uint64_t epoch = fixture.spool->epoch();
  fixture.failing.write_errno = 0;
  fixture.open();
  CHECK(fixture.spool->epoch() == epoch);
  CHECK(Read(fixture.read_all()).seqs == rising(1, 1));
}

TEST_CASE("a kill between any two system calls loses nothing that was ready to be sent, and repeats no number") {
  for (int writes = 1; writes < 60; ++writes) {
    CAPTURE(writes);
    FailingFixture fixture;
    fixture.max_bytes = 64 << 10;
    fixture.failing.writes_left = writes;
    fixture.open();
    std::uint64_t ready = 0;
    std::uint64_t position = 0;
    for (int round = 0; round < 40 && !fixture.trouble(); ++round) {
      for (int i = 0; i < 20; ++i) {
        const auto level = static_cast<LogLevel>((round + i) % 4);
        fixture.append(level, 100, {"file:a", std::to_string(fixture.spool->last_seq() + 1)});
      }
      const std::uint64_t wanted = fixture.spool->last_seq();
      // In the middle, and at the end of what there is, as shippers do.
      const std::uint64_t from = ready + 1;
      fixture.wait_until([&] { return fixture.trouble() || fixture.spool->ready_to(from) >= from; });
      if (fixture.spool->ready_to(from) < from) break;
      ready = std::min(wanted, fixture.spool->ready_to(from));
      fixture.spool->mark_sent(ready);
      if (round % 3 == 0) fixture.spool->acknowledge(ready - std::min<std::uint64_t>(ready, 5));
    }
    const std::uint64_t first = fixture.spool->first_seq();
    SpoolFixture killed;
    killed.max_bytes = fixture.max_bytes;
    fixture.copy_to(killed);
    killed.open();
    CHECK(killed.spool->first_seq() <= first);
    CHECK(killed.spool->last_seq() >= ready);
    if (const auto found = killed.spool->source_position("file:a")) position = std::stoull(*found);
    CHECK(position == killed.spool->last_seq());
    // Nothing that was sent became a gap.
    std::uint64_t records = 0;
    while (killed.spool->first_seq() <= killed.spool->last_seq()) {
      for (const auto& item : killed.read_all(true)) {
        if (const auto* record = std::get_if<LogRecord>(&item)) records += record->seq >= first && record->seq <= ready;
        if (const auto* gap = std::get_if<Gap>(&item)) CHECK(gap->damaged == 0);
      }
    }
    CHECK(records == (ready >= first ? ready - first + 1 : 0));
  }
}

TEST_CASE("a shipper over a disk spool sends what was written, and goes on after a restart") {
  SpoolFixture fixture;
  TestClock clock;
  for (int life = 0; life < 3; ++life) {
    fixture.open();
    LogShipper shipper("n", std::move(fixture.spool), clock);
    std::mutex mutex;
    std::condition_variable woken;
    bool is_woken = false;
    shipper.set_wake([&] {
      const std::lock_guard lock(mutex);
      is_woken = true;
      woken.notify_one();
    });
    const auto open = std::get<OpenMessage>(*decode(shipper.on_connected().at(0)));
    CHECK(open.first_seq == static_cast<std::uint64_t>(life) * 1000 + 1);
    std::uint64_t stored = open.first_seq - 1;
    // An answer brings what is to be sent next, as poll() does.
    std::vector<Bytes> messages = shipper.on_message(encode(AckMessage{open.epoch, stored, true})).value();
    for (int i = 0; i < 1000; ++i) shipper.append(make_record(shipper.next_seq()));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (shipper.spool_bytes() > 0) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      if (messages.empty()) messages = shipper.poll();
      for (const auto& message : messages) {
        const auto decoded = decode(message);
        for (const auto& item : std::get<RecordsMessage>(*decoded).items)
          REQUIRE(std::get<LogRecord>(item).seq == ++stored);
      }
      if (!messages.empty()) {
        messages = shipper.on_message(encode(AckMessage{open.epoch, stored, false})).value();
        continue;
      }
      // It is woken when more is written; else there is a time until when to wait.
      const auto due = shipper.next_wakeup();
      std::unique_lock lock(mutex);
      woken.wait_until(lock, due ? std::max(*due, Monotonic{}) : end, [&] { return std::exchange(is_woken, false); });
    }
    CHECK(stored == static_cast<std::uint64_t>(life + 1) * 1000);
  }
}
