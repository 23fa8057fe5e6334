// What the store does at its limits: its size, the disk's, and very many names. And that its files serve sqlite3.
#include <sys/mount.h>

#include <fstream>
#include <set>
#include <thread>

#include "log_testing.hpp"
#include "logs/collector.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

namespace fs = std::filesystem;

/// Of the files whose names end so; SQLite's journals come and go meanwhile.
std::uintmax_t folder_bytes(const fs::path& folder, std::initializer_list<std::string_view> suffixes) {
  std::uintmax_t out = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().string();
    std::error_code is_gone;
    const auto bytes = entry.file_size(is_gone);
    if (!is_gone && std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return name.ends_with(suffix); }))
      out += bytes;
  }
  return out;
}

TEST_CASE_FIXTURE(StoreFixture, "the store stays within its size, and what is newest stays") {
  options.max_bytes = 8 << 20;
  reopen();
  std::uint64_t seq = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<LogRecord> records;
    for (int k = 0; k < 500; ++k) records.push_back(make_record(++seq, "record " + std::string(200, 'x')));
    append({batch("a", std::move(records))});
    while (store->wants_retention() && store->retain_some().value()) {
    }
    CHECK(folder_bytes(folder.path(), {".db", ".idx"}) <= options.max_bytes);
    query(make_query({}));  // leaves a connection open to the newest
  }
  // Of the journals only that of the newest file stays.
  clock.advance(std::chrono::hours{24});
  append({batch("a", {make_record(++seq)})});
  bool is_small = false;
  for (int i = 0; i < 2000 && !is_small; ++i) {
    is_small = folder_bytes(folder.path(), {"-wal"}) < (256 << 10);
    if (!is_small) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  CHECK(is_small);
  const Page oldest = query(make_query({}, Order::forward, 1));
  const std::uint64_t kept = seq - oldest.records.at(0).record.seq + 1;
  // Records of some 250 bytes in 8 MiB, of which an eighth may be free and half a mebibyte a file is its index.
  CHECK(kept > 15'000);
  CHECK(kept < 40'000);
  CHECK(query(make_query({})).records.back().record.seq == seq);
  CHECK(store->position_of(store->cursor(1)).error().kind() == Errc::not_found);
  reopen();
  CHECK(query(make_query({}, Order::forward, 1)).records.at(0).number == oldest.records.at(0).number);
}

TEST_CASE_FIXTURE(StoreFixture, "a hundred thousand loggers are told apart") {
  constexpr std::uint64_t kLoggers = 100'000;
  for (std::uint64_t seq = 1; seq <= kLoggers;) {
    std::vector<LogRecord> records;
    for (const std::uint64_t end = seq + 10'000; seq < end; ++seq)
      records.push_back(make_record(seq, "hello", LogLevel::info, "Logger." + std::to_string(seq)));
    append({batch("a", std::move(records))});
  }
  // Again, after all of them: names whose rows are no longer in memory are the same names.
  append({batch("a", {make_record(kLoggers + 1, "again", LogLevel::info, "Logger.7")})});
  CHECK(sqlite(day(), "SELECT count(*) FROM loggers") == "100000\n");
  for (const std::uint64_t seq : {std::uint64_t{7}, std::uint64_t{65'536}, std::uint64_t{99'999}}) {
    const Page page = query(make_query({{}, {"Logger." + std::to_string(seq)}, LogLevel::debug, {}, {}, "", ""}));
    CHECK(page.records.size() == (seq == 7 ? 2 : 1));
    CHECK(page.records.at(0).record.seq == seq);
    CHECK(page.records.at(0).record.logger_name == "Logger." + std::to_string(seq));
  }
  CHECK(query(make_query({{}, {"Logger.9999?"}, LogLevel::debug, {}, {}, "", ""})).records.size() == 10);
  CHECK(store->sources()->loggers.size() == kMaxListedLoggers);
  CHECK(store->sources()->more_loggers);
}

/// A disk of its own, where the machine lets a test have one.
struct SmallDisk {
  TemporaryFolder folder;
  bool is_there = ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=6m,mode=0700") == 0;
  ~SmallDisk() {
    if (is_there) ::umount2(folder.path().c_str(), MNT_DETACH);
  }
};

TEST_CASE("a full disk stops acknowledging, says so, and goes on by itself once there is room") {
  SmallDisk disk;
  if (!disk.is_there) {
    MESSAGE("skipped: no file system can be mounted here");
    return;
  }
  TestClock clock;
  SeededRandom random{42};
  CapturingSink sink;
  auto store = Store::open({disk.folder.path() / "logs"}, clock, random, sink).value();
  std::ofstream(disk.folder.path() / "other") << std::string(3 << 20, 'x');
  Hub hub(0);
  Collector collector(*store, hub, clock, sink);
  std::mutex mutex;
  std::uint64_t acknowledged = 0;
  auto intake = collector.open("a", [&](Bytes message) {
    const std::lock_guard lock(mutex);
    acknowledged = std::get<AckMessage>(*decode(message)).seq;
  });
  const auto mark = [&] {
    const std::lock_guard lock(mutex);
    return acknowledged;
  };
  intake->receive(encode(OpenMessage{"a", 1, 1})).value();
  // Sends again from the mark on, as a node would; until `done`.
  const auto send_until = [&](const auto& done, std::uint64_t last) {
    for (int i = 0; i < 6000 && !done(); ++i) {
      const std::uint64_t from = mark() + 1;
      Bytes items;
      std::size_t count = 0;
      for (std::uint64_t seq = from; seq <= last && count < 200; ++seq, ++count) {
        const Bytes item = encode_item(make_record(seq, std::string(2000, 'm')));
        items.insert(items.end(), item.begin(), item.end());
      }
      if (count > 0 && intake->receive(encode_records("a", count, items)).has_value()) {
        for (int k = 0; k < 20 && mark() + 1 == from && !done(); ++k)
          std::this_thread::sleep_for(std::chrono::milliseconds{5});
      }
    }
    return done();
  };
  CHECK(send_until([&] { return collector.trouble().has_value(); }, 5000));
  const std::uint64_t stored = mark();
  CHECK(stored > 0);
  CHECK(stored < 5000);
  CHECK(collector.trouble()->find("full") != std::string::npos);
  CHECK(sink.has("ERROR LogCollector: cannot store log records, the nodes keep theirs"));
  fs::remove(disk.folder.path() / "other");
  CHECK(send_until([&] { return mark() >= stored + 400; }, stored + 400));
  CHECK_FALSE(collector.trouble().has_value());
  intake.reset();
  collector.stop();
  CHECK(sqlite(disk.folder.path() / "logs" / "logs-2026-01-02.db",
               "SELECT count(*) = max(seq), count(DISTINCT seq) = count(*) FROM log") == "1|1\n");
}

TEST_CASE_FIXTURE(StoreFixture, "the queries of the manual page are answered by sqlite3") {
  append({batch("worker-1", {make_record(1), make_record(2, "disk full", LogLevel::error, "Service.disk"),
                             make_record(3), make_record(4, "no route", LogLevel::critical, "Network")})});
  std::ifstream page(P2P_LOGS_PAGE);
  std::vector<std::string> answers;
  for (std::string line; std::getline(page, line);) {
    const std::string_view begin = "sqlite3 -readonly logs-2027-01-31.db \"";
    if (!line.starts_with(begin)) continue;
    answers.push_back(sqlite(day(), line.substr(begin.size(), line.size() - begin.size() - 1)));
  }
  REQUIRE(answers.size() == 3);
  CHECK(answers[0] ==
        "2026-01-02T03:04:05.000000001Z|worker-1|no route\n2026-01-02T03:04:05.000000001Z|worker-1|disk full\n");
  CHECK(answers[1].starts_with("worker-1|Gossip|2\n"));
  CHECK(answers[2] == "2026-01-02T03:04|1\n");
}

}  // namespace
