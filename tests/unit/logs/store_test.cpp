#include "logs/store.hpp"

#include <fstream>
#include <set>
#include <thread>

#include "log_testing.hpp"

using namespace p2p;
using namespace p2p::logs;
using Numbers = std::vector<std::uint64_t>;

TEST_CASE_FIXTURE(StoreFixture,
                  "a search that is given up ends with what it has, after one long message for an expression") {
  std::vector<LogRecord> records;
  for (std::uint64_t seq = 1; seq <= 20; ++seq) records.push_back(make_record(seq, std::string(60'000, 'x')));
  append({batch("a", std::move(records))});
  FilterSpec spec;
  spec.regex = "x{5}$";
  Query asked = make_query(spec, Order::forward);
  CHECK(query(asked).records.size() == 20);
  asked.is_given_up = [] { return true; };
  const Page page = query(asked);
  CHECK(page.more);
  CHECK(numbers(page) == std::vector<std::uint64_t>{1});
  CHECK(page.position == 1);
}

TEST_CASE_FIXTURE(StoreFixture, "what is stored can be read by sqlite3, one file a day") {
  LogRecord full = make_record(2, "it's \xd0\xb6", LogLevel::error, "Service.disk");
  full.attrs = R"({"a":1})";
  full.line = 7;
  append({batch("worker-1", {make_record(1), full}, 9007199254740991)});
  CHECK(sqlite(day(), "SELECT * FROM log") ==
        "1|2026-01-02T03:04:05.000000001Z|worker-1|9007199254740991|1|INFO|Gossip|hello||||||"
        "2026-01-02T03:04:05.000000000Z\n"
        "2|2026-01-02T03:04:05.000000001Z|worker-1|9007199254740991|2|ERROR|Service.disk|it's \xd0\xb6|{\"a\":1}|||7||"
        "2026-01-02T03:04:05.000000000Z\n");
  CHECK(sqlite(day(), "PRAGMA integrity_check") == "ok\n");
  CHECK(sqlite(day(), "PRAGMA journal_mode") == "wal\n");
  clock.advance(std::chrono::hours{24});
  append({batch("worker-1", {make_record(3)}, 9007199254740991)});
  CHECK(sqlite(day("2026-01-03"), "SELECT number, seq FROM log") == "3|3\n");
}

TEST_CASE_FIXTURE(StoreFixture, "what is read back is what was stored") {
  LogRecord full = make_record(1, std::string(kMaxMessageBytes, 'x'), LogLevel::critical, "L");
  full.attrs = "{}";
  full.module = "m";
  full.function = "f";
  full.line = UINT32_MAX;
  full.trace_id = "t";
  append({batch("worker-1", {full}, kMaxSeq)});
  const Page page = query(make_query({}));
  REQUIRE(page.records.size() == 1);
  full.node_id = "worker-1";
  full.epoch = kMaxSeq;
  full.received_at = clock.wall();
  CHECK(page.records[0].record == full);
}

TEST_CASE_FIXTURE(StoreFixture, "a record is stored once, whatever is sent twice") {
  append({batch("a", {make_record(1), make_record(1), make_record(2)}), batch("a", {make_record(2), make_record(3)})});
  CHECK(append({batch("a", {make_record(3), make_record(4)})})->records.size() == 1);
  reopen();
  const auto again = append({batch("a", {make_record(1), make_record(4), make_record(5)})});
  REQUIRE(again->records.size() == 1);
  CHECK(again->records[0].number == 5);
  // Another node and another epoch have numbers of their own.
  append({batch("b", {make_record(1)}), batch("a", {make_record(1)}, 2)});
  CHECK(sqlite(day(), "SELECT group_concat(node_id || epoch || seq) FROM log") == "a11,a12,a13,a14,a15,b11,a21\n");
  CHECK(sqlite(day(), "SELECT name, record_count FROM nodes") == "a|6\nb|1\n");
}

TEST_CASE_FIXTURE(StoreFixture, "what a node was acknowledged survives restarts and days") {
  append({batch("a", {make_record(1), make_record(2)}), batch("b", {make_record(7)}, 5)});
  clock.advance(std::chrono::hours{24});
  append({batch("b", {make_record(8)}, 5)});
  reopen();
  CHECK(store->acknowledged("a", 1) == 2);
  CHECK(store->acknowledged("a", 2) == 0);
  CHECK(store->acknowledged("b", 5) == 8);
}

TEST_CASE_FIXTURE(StoreFixture, "forward, backward and tail page through everything once") {
  for (std::uint64_t i = 1; i <= 25; ++i) {
    if (i % 10 == 0) clock.advance(std::chrono::hours{24});
    append({batch("a", {make_record(i)})});
  }
  for (const auto order : {Order::forward, Order::backward}) {
    Numbers seen;
    Query asked = make_query({}, order, 4);
    for (bool more = true; more;) {
      const Page page = query(asked);
      for (const auto number : numbers(page)) seen.push_back(number);
      asked.position = page.position;
      more = page.more;
    }
    Numbers expected;
    for (std::uint64_t i = 1; i <= 25; ++i) expected.push_back(order == Order::forward ? i : 26 - i);
    CHECK(seen == expected);
  }
  const Page tail = query(make_query({}, Order::tail, 12));
  CHECK(numbers(tail) == Numbers{14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25});
  CHECK(tail.position == 25);
  CHECK(tail.more);
  CHECK(query(make_query({}, Order::tail, 0)).position == 25);
}

TEST_CASE_FIXTURE(StoreFixture, "filters give the same with every index as by looking at each record") {
  SeededRandom dice(3);
  std::vector<StoredRecord> all;
  for (std::uint64_t i = 1; i <= 2000;) {
    clock.advance(std::chrono::hours{1});
    std::vector<StreamBatch> batches;
    for (const std::uint64_t end = i + 25; i < end; ++i) {
      batches.push_back(
          batch("node-" + std::to_string(dice.below(30)),
                {make_record(i, "message " + std::to_string(dice.below(50)), static_cast<LogLevel>(dice.below(5)),
                             "Logger." + std::to_string(dice.below(30)))}));
    }
    const auto stored = append(std::move(batches));
    all.insert(all.end(), stored->records.begin(), stored->records.end());
  }
  const WallTime early = all[500].record.received_at;
  const WallTime late = all[1500].record.received_at;
  const FilterSpec specs[] = {
      {{"node-1"}, {}, LogLevel::debug, {}, {}, "", ""},
      {{"node-1"}, {}, LogLevel::error, {}, {}, "", ""},
      {{"node-1", "node-2?"}, {}, LogLevel::warning, {}, late, "", ""},
      {{"node-*"}, {"Logger.1"}, LogLevel::debug, early, {}, "", ""},
      {{}, {"Logger.1", "Logger.2"}, LogLevel::info, early, late, "", ""},
      {{}, {"Logger.*"}, LogLevel::critical, {}, {}, "", ""},
      {{}, {}, LogLevel::error, early, late, "", ""},
      {{}, {}, LogLevel::warning, {}, {}, "MESSAGE 7", ""},
      {{}, {}, LogLevel::debug, {}, {}, "", "4[0-3]$"},
      {{"nobody"}, {}, LogLevel::debug, {}, {}, "", ""},
      {{}, {}, LogLevel::debug, late, early, "", ""},
  };
  for (const auto& spec : specs) {
    const auto filter = Filter::make(spec).value();
    Numbers expected;
    for (const auto& stored : all) {
      if (filter.matches(stored.record)) expected.push_back(stored.number);
    }
    CHECK(numbers(query(make_query(spec, Order::forward, 10'000))) == expected);
    Numbers last(expected.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(7, expected.size())),
                 expected.end());
    CHECK(numbers(query(make_query(spec, Order::tail, 7))) == last);
  }
}

TEST_CASE_FIXTURE(StoreFixture, "a reader that goes on by cursor sees each record once while others write") {
  constexpr std::uint64_t kRecords = 1200;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kRecords; i += 3) {
      if (i % 400 == 1) clock.advance(std::chrono::hours{24});
      auto stored = store->append({batch("a", {make_record(i), make_record(i + 1), make_record(i + 2)})});
      if (!stored) return;
    }
  });
  Numbers seen;
  Query asked = make_query({{"a"}, {}, LogLevel::debug, {}, {}, "", ""}, Order::forward, 50);
  while (seen.size() < kRecords && (seen.empty() || seen.back() < kRecords)) {
    auto page = store->query(asked);
    REQUIRE(page.has_value());
    for (const auto number : numbers(*page)) seen.push_back(number);
    asked.position = page->position;
  }
  writer.join();
  Numbers expected(kRecords);
  for (std::uint64_t i = 0; i < kRecords; ++i) expected[i] = i + 1;
  CHECK(seen == expected);
}

TEST_CASE_FIXTURE(StoreFixture, "a clock that steps back loses nothing and keeps times findable") {
  append({batch("a", {make_record(1)})});
  clock.advance(-std::chrono::seconds{30});  // waited for
  append({batch("a", {make_record(2)})});
  clock.advance(-std::chrono::hours{1});
  append({batch("a", {make_record(3)})});
  clock.advance(-std::chrono::hours{48});
  append({batch("a", {make_record(4)})});
  clock.advance(std::chrono::hours{50});
  append({batch("a", {make_record(5)})});
  CHECK(sqlite(day(), "SELECT group_concat(seq) FROM log WHERE received_at = '2026-01-02T03:04:05.000000000Z'") ==
        "1,2\n");
  CHECK(sqlite(day("2026-01-02.2"), "SELECT seq, received_at FROM log") == "3|2026-01-02T02:03:35.000000000Z\n");
  reopen();
  append({batch("a", {make_record(6)})});
  CHECK(numbers(query(make_query({}))) == Numbers{1, 2, 3, 4, 5, 6});
  FilterSpec spec;
  spec.until = parse_rfc3339("2026-01-02T02:30:00Z").value();
  CHECK(numbers(query(make_query(spec))) == Numbers{3, 4});
  spec.since = parse_rfc3339("2026-01-01T00:00:00Z").value();
  CHECK(numbers(query(make_query(spec))) == Numbers{3});
}

TEST_CASE_FIXTURE(StoreFixture, "old days go, and a cursor into them says so") {
  options.retention = std::chrono::days{2};
  reopen();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    append({batch("a", {make_record(i)})});
    clock.advance(std::chrono::hours{24});
  }
  const Cursor first = store->cursor(1);
  CHECK(store->position_of(first).value() == 1);
  while (store->retain_some().value()) {
  }
  CHECK_FALSE(std::filesystem::exists(day()));
  CHECK(numbers(query(make_query({}))) == Numbers{4, 5});
  const auto expired = store->position_of(first);
  REQUIRE_FALSE(expired.has_value());
  CHECK(expired.error().kind() == Errc::not_found);
  CHECK(expired.error().context.find("the oldest cursor is " + store->cursor(3).to_text()) != std::string::npos);
  CHECK(store->position_of(store->cursor(3)).value() == 3);
  CHECK(store->position_of({"0000000000000000", 4}).error().kind() == Errc::invalid);
  CHECK(store->position_of(store->cursor(6)).error().kind() == Errc::invalid);
}

TEST_CASE_FIXTURE(StoreFixture, "what a clock that was ahead once has dated goes with what came after it") {
  options.retention = std::chrono::days{2};
  reopen();
  const auto keep = [&] {
    while (store->retain_some().value()) {
    }
    return numbers(query(make_query({})));
  };
  clock.jump(std::chrono::days{700});
  append({batch("a", {make_record(1)})});
  CHECK(keep() == Numbers{1});
  clock.jump(-std::chrono::days{700});
  CHECK(keep() == Numbers{1});  // alone it may be new
  append({batch("a", {make_record(2)})});
  CHECK(keep() == Numbers{1, 2});
  clock.advance(std::chrono::days{1});
  append({batch("a", {make_record(3)})});
  CHECK(keep() == Numbers{1, 2, 3});
  clock.advance(std::chrono::hours{25});
  CHECK(keep() == Numbers{3});
}

TEST_CASE_FIXTURE(StoreFixture, "a date that jumps ahead removes nothing before it has stood for an hour") {
  options.retention = std::chrono::days{2};
  reopen();
  const auto keep = [&] {
    while (store->retain_some().value()) {
    }
    return numbers(query(make_query({})));
  };
  append({batch("a", {make_record(1)})});
  CHECK(keep() == Numbers{1});
  clock.jump(std::chrono::days{100});
  append({batch("a", {make_record(2)})});
  CHECK(keep() == Numbers{1, 2});
  clock.advance(std::chrono::minutes{59});
  CHECK(keep() == Numbers{1, 2});
  clock.advance(std::chrono::minutes{2});
  CHECK(keep() == Numbers{2});
}

TEST_CASE_FIXTURE(StoreFixture, "a retention of hours is one of hours") {
  for (const std::chrono::hours retention : {std::chrono::hours{12}, std::chrono::hours{36}}) {
    StoreFixture fixture;
    fixture.options.retention = retention;
    fixture.reopen();
    fixture.append({batch("a", {make_record(1)})});
    const auto keep = [&](std::chrono::hours age) {
      fixture.clock.set("2026-01-02T03:04:05Z");
      fixture.clock.advance(age);
      while (fixture.store->retain_some().value()) {
      }
      return std::filesystem::exists(fixture.day());
    };
    fixture.clock.set("2026-01-03T03:04:05Z");
    fixture.append({batch("a", {make_record(2)})});
    CHECK(keep(retention - std::chrono::hours{1}));
    CHECK_FALSE(keep(retention + std::chrono::hours{1}));
  }
}

TEST_CASE_FIXTURE(StoreFixture, "a node keeps its newest records when there is a bound") {
  options.max_entries_per_node = 10;
  reopen();
  for (std::uint64_t i = 1; i <= 30; ++i) {
    if (i == 15) clock.advance(std::chrono::hours{24});
    append({batch("chatty", {make_record(i)})});
  }
  append({batch("quiet", {make_record(1)})});
  while (store->retain_some().value()) {
  }
  CHECK(numbers(query(make_query({{"chatty"}, {}, LogLevel::debug, {}, {}, "", ""}))) ==
        Numbers{21, 22, 23, 24, 25, 26, 27, 28, 29, 30});
  CHECK(numbers(query(make_query({{"quiet"}, {}, LogLevel::debug, {}, {}, "", ""}))) == Numbers{31});
}

TEST_CASE_FIXTURE(StoreFixture, "cleared records are gone and their numbers are not given again") {
  append({batch("a", {make_record(1), make_record(2)}), batch("b", {make_record(1)}), batch("a", {make_record(3)})});
  while (store->remove_some("a", 3).value().more) {
  }
  CHECK(numbers(query(make_query({}))) == Numbers{3, 4});
  while (store->remove_some("", 4).value().more) {
  }
  CHECK(query(make_query({})).records.empty());
  CHECK(store->sources()->nodes.empty());
  const Cursor before = store->cursor(4);
  reopen();
  CHECK(store->last_number() == 4);
  CHECK(store->position_of(before).has_value());
  append({batch("a", {make_record(4), make_record(5)})});
  CHECK(store->last_number() == 6);
}

TEST_CASE_FIXTURE(StoreFixture, "what is cleared of all nodes takes whole files with it, and no step for each node") {
  constexpr std::uint64_t kNodes = 200;
  for (int i = 0; i < 3; ++i) {
    std::vector<StreamBatch> batches;
    for (std::uint64_t node = 0; node < kNodes; ++node)
      batches.push_back(batch("node-" + std::to_string(node), {make_record(static_cast<std::uint64_t>(i) + 1)}));
    append(std::move(batches));
    if (i < 2) clock.advance(std::chrono::hours{24});
  }
  append({batch("later", {make_record(1)})});
  std::uint64_t count = 0;
  int steps = 0;
  for (bool more = true; more; ++steps) {
    const auto removed = store->remove_some("", 3 * kNodes).value();
    count += removed.count;
    more = removed.more;
  }
  CHECK(count == 3 * kNodes);
  CHECK(steps <= 4);
  CHECK_FALSE(std::filesystem::exists(day()));
  CHECK(numbers(query(make_query({}))) == Numbers{3 * kNodes + 1});
  CHECK(store->sources()->nodes == std::vector<std::string>{"later"});
  reopen();
  CHECK(store->sources()->nodes == std::vector<std::string>{"later"});
  CHECK(sqlite(day("2026-01-04"), "SELECT sum(record_count) FROM nodes") == "1\n");
}

TEST_CASE_FIXTURE(StoreFixture, "sources name nodes and loggers") {
  append({batch("b", {make_record(1, "m", LogLevel::info, "Z"), make_record(2, "m", LogLevel::info, "A")})});
  clock.advance(std::chrono::hours{24});
  append({batch("a", {make_record(1, "m", LogLevel::info, "A")})});
  const auto sources = store->sources();
  REQUIRE(sources.has_value());
  CHECK(sources->nodes == std::vector<std::string>{"a", "b"});
  CHECK(sources->loggers == std::vector<std::string>{"A", "Z"});
}

TEST_CASE_FIXTURE(StoreFixture, "a store that a later version wrote is not touched") {
  append({batch("a", {make_record(1)})});
  store.reset();
  CHECK(std::system(("sqlite3 '" + day().string() + "' 'PRAGMA user_version = 99'").c_str()) == 0);
  const auto opened = Store::open(options, clock, random, sink);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().kind() == Errc::unsupported);
}

TEST_CASE_FIXTURE(StoreFixture, "a failed transaction stores nothing and leaves the store usable") {
  append({batch("a", {make_record(1)})});
  store.reset();
  REQUIRE(std::system(("sqlite3 '" + day().string() +
                       "' \"CREATE TRIGGER refuse BEFORE INSERT ON records WHEN "
                       "new.message = 'bad' BEGIN SELECT raise(ABORT, 'refused'); END\"")
                          .c_str()) == 0);
  reopen();
  const auto failed = store->append({batch("a", {make_record(2), make_record(3, "bad", LogLevel::info, "New")})});
  CHECK_FALSE(failed.has_value());
  CHECK(store->acknowledged("a", 1) == 1);
  append({batch("a", {make_record(2), make_record(3, "good", LogLevel::info, "New")})});
  CHECK(sqlite(day(), "SELECT group_concat(seq || logger_name) FROM log") == "1Gossip,2Gossip,3New\n");
}

TEST_CASE_FIXTURE(StoreFixture, "a page is bounded in bytes, and the next one goes on") {
  for (std::uint64_t i = 1; i <= 80; ++i) append({batch("a", {make_record(i, std::string(kMaxMessageBytes, 'x'))})});
  Query asked = make_query({}, Order::forward, kMaxPageRecords);
  const Page first = query(asked);
  CHECK(first.more);
  CHECK(first.records.size() * kMaxMessageBytes < 2 * kMaxPageBytes);
  asked.position = first.position;
  CHECK(query(asked).records.at(0).number == first.records.back().number + 1);
}
