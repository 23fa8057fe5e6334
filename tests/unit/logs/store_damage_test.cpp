// Files of the store that are damaged: the others keep every record, and what comes next is stored.
#include <fstream>
#include <functional>

#include "log_testing.hpp"
#include "logs/store.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDays = 3;
constexpr std::uint64_t kRecordsADay = 300;
const std::string kDates[] = {"2026-01-02", "2026-01-03", "2026-01-04"};

/// Three days full of records, enough for some dozens of pages each.
struct DamageFixture : StoreFixture {
  DamageFixture() {
    std::uint64_t seq = 0;
    for (std::uint64_t i = 0; i < kDays; ++i) {
      std::vector<LogRecord> records;
      for (std::uint64_t k = 0; k < kRecordsADay; ++k) records.push_back(make_record(++seq, std::string(400, 'm')));
      if (i > 0) clock.advance(std::chrono::hours{24});
      append({batch("a", std::move(records))});
    }
    REQUIRE(count() == kDays * kRecordsADay);
  }

  /// Everything is in the day's file then; SQLite would mend it from a journal.
  void close() {
    store.reset();
    for (const auto& date : kDates) {
      REQUIRE(std::system(
                  ("sqlite3 '" + day(date).string() + "' 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null").c_str()) == 0);
    }
  }
  std::uint64_t count() {
    std::uint64_t out = 0;
    Query asked = make_query({}, Order::forward, 100);
    for (bool more = true; more;) {
      const Page page = query(asked);
      out += page.records.size();
      asked.position = page.position;
      more = page.more;
    }
    return out;
  }
  /// Appends one record, again when the first time found the damage, as the collector does.
  std::uint64_t append_at_last(std::uint64_t seq) {
    auto stored = store->append({batch("a", {make_record(seq)})});
    if (!stored) stored = store->append({batch("a", {make_record(seq)})});
    if (!stored) FAIL(stored.error().context);
    return (*stored)->last_number;
  }
  void check_set_aside(const std::string& date) {
    const std::string name = "logs-" + date + ".db";
    CHECK(sink.has("ERROR LogStore: " + name + " is set aside as " + name + ".damaged"));
    CHECK(fs::exists(folder.path() / (name + ".damaged")));
    CHECK_FALSE(fs::exists(folder.path() / name));
  }
};

void overwrite(const fs::path& path, std::uintmax_t from, std::uintmax_t bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(from));
  for (std::uintmax_t i = 0; i < bytes; ++i) file.put(static_cast<char>(0x5A ^ (i * 31)));
}

struct Damage {
  std::string name;
  std::function<void(const fs::path&)> apply;
};

const Damage kDamages[] = {
    {"garbage", [](const fs::path& path) { overwrite(path, 0, fs::file_size(path)); }},
    {"zero bytes", [](const fs::path& path) { fs::resize_file(path, 0); }},
    {"cut in half", [](const fs::path& path) { fs::resize_file(path, fs::file_size(path) / 2); }},
    {"cut within the first page", [](const fs::path& path) { fs::resize_file(path, 100); }},
    {"a torn beginning", [](const fs::path& path) { overwrite(path, 0, 100); }},
    {"garbage after the first page", [](const fs::path& path) { overwrite(path, 4096, fs::file_size(path) - 4096); }},
    {"garbage in the second half",
     [](const fs::path& path) { overwrite(path, fs::file_size(path) / 2, fs::file_size(path) / 2); }},
};

TEST_CASE("a damaged day is set aside and said, the others keep every record, and ingest goes on") {
  for (const auto& damage : kDamages) {
    for (const std::string& date : {kDates[1], kDates[2]}) {
      CAPTURE(damage.name);
      CAPTURE(date);
      DamageFixture fixture;
      fixture.close();
      damage.apply(fixture.day(date));
      fixture.reopen();
      // A cursor that was given before must not come to mean another record.
      CHECK(fixture.append_at_last(1000) > kDays * kRecordsADay);
      // What only a query finds may already have been given in part.
      const auto found = fixture.count();
      CHECK(found >= (kDays - 1) * kRecordsADay + 1);
      CHECK(found < kDays * kRecordsADay + 1);
      fixture.append_at_last(1001);
      CHECK(fixture.count() == (kDays - 1) * kRecordsADay + 2);
      fixture.check_set_aside(date);
      CHECK(fixture.store->sources()->nodes == std::vector<std::string>{"a"});
      fixture.reopen();
      CHECK(fixture.count() == (kDays - 1) * kRecordsADay + 2);
    }
  }
}

void query_all(DamageFixture& fixture) { CHECK(fixture.count() == (kDays - 1) * kRecordsADay); }
void clear_all(DamageFixture& fixture) {
  std::uint64_t removed = 0;
  for (bool more = true; more;) {
    const auto some = fixture.store->remove_some("a", kDays * kRecordsADay).value();
    removed += some.count;
    more = some.more;
  }
  CHECK(removed == (kDays - 1) * kRecordsADay);
}
void keep_few(DamageFixture& fixture) {
  while (fixture.store->retain_some().value()) {
  }
}
void append_one(DamageFixture& fixture) { fixture.append_at_last(999); }

TEST_CASE("damage that is met while the store is open costs only that day, whoever meets it first") {
  for (const auto meet : {query_all, clear_all, keep_few, append_one}) {
    for (const std::string& date : {kDates[1], kDates[2]}) {
      CAPTURE(date);
      DamageFixture fixture;
      fixture.options.max_entries_per_node = 10;
      fixture.close();
      fixture.reopen();  // nothing but the summaries is in a cache
      const auto path = fixture.day(date);
      overwrite(path, 4096, fs::file_size(path) - 4096);
      meet(fixture);
      // Whoever meets it first says so; at the latest a query, which looks at everything.
      CHECK(fixture.count() <= (kDays - 1) * kRecordsADay + 1);
      fixture.append_at_last(1000);
      fixture.check_set_aside(date);
    }
  }
}

TEST_CASE_FIXTURE(StoreFixture, "a day that cannot be opened is not left out of an answer") {
  append({batch("a", {make_record(1)})});
  fs::rename(day(), day().string() + ".kept");
  fs::create_symlink("loop.db", folder.path() / "loop.db");
  fs::create_symlink("loop.db", day());
  const auto page = store->query(make_query({}));
  REQUIRE_FALSE(page.has_value());
  CHECK(page.error().kind() == Errc::failed);
  fs::remove(day());
  fs::rename(day().string() + ".kept", day());
  CHECK(query(make_query({})).records.size() == 1);
}

TEST_CASE_FIXTURE(StoreFixture, "a file of another store is left out, said, and left alone") {
  append({batch("a", {make_record(1), make_record(2)})});
  StoreFixture other;
  other.random = SeededRandom{7};
  other.reopen();
  other.clock.set("2025-12-31T00:00:00Z");
  other.append({batch("b", {make_record(1)})});
  other.store.reset();
  store.reset();
  fs::copy_file(other.day("2025-12-31"), day("2025-12-31"));
  reopen();
  CHECK(numbers(query(make_query({}))) == std::vector<std::uint64_t>{1, 2});
  CHECK(sink.has("ERROR LogStore: logs-2025-12-31.db belongs to another log store and is left out"));
  CHECK(fs::exists(day("2025-12-31")));
  append({batch("a", {make_record(3)})});
  CHECK(store->last_number() == 3);
}

TEST_CASE_FIXTURE(DamageFixture, "a file that cannot be opened stops the start and is not touched") {
  store.reset();
  const auto path = day(kDates[0]);
  const auto bytes = fs::file_size(path);
  fs::rename(path, path.string() + ".kept");
  fs::create_symlink("loop.db", folder.path() / "loop.db");
  fs::create_symlink("loop.db", path);  // opening it fails for everyone, root too
  const auto opened = Store::open(options, clock, random, sink);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().context.find(path.filename().string()) != std::string::npos);
  CHECK(fs::is_symlink(path));
  CHECK(fs::file_size(path.string() + ".kept") == bytes);
}

}  // namespace

TEST_CASE_FIXTURE(StoreFixture, "a name that the disk cannot look up is passed over") {
  // Whoever follows a link to itself gets an error, as of a disk that fails.
  const auto leads_nowhere = [](const fs::path& path) { fs::create_symlink(path, path); };
  leads_nowhere(day());
  append({batch("a", {make_record(1)})});
  CHECK(query(make_query({})).records.size() == 1);
  CHECK(fs::exists(day("2026-01-02.2")));
  fs::remove(day());
  std::ofstream(day("2026-01-03")) << std::string(8192, 'x');
  leads_nowhere(day("2026-01-03").string() + ".damaged");
  reopen();
  CHECK(sink.has("is set aside as logs-2026-01-03.db.damaged.2"));
}
