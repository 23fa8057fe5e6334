// The search index: what it leads past never fits, and its damage costs nothing but itself.
#include <re2/re2.h>

#include <fstream>

#include "log_testing.hpp"
#include "logs/day_index.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

namespace fs = std::filesystem;

std::string utf8(std::uint32_t c) {
  std::string out;
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
  return out;
}

TEST_CASE("characters that RE2 takes for each other without case are one to the index") {
  std::string all;
  for (std::uint32_t c = 1; c < 0x11000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) all += utf8(c);
  }
  for (std::uint32_t c = 1; c < 0x3000; ++c) {
    if (!fold(c)) continue;
    RE2::Options options;
    options.set_literal(true);
    options.set_case_sensitive(false);
    const RE2 same(utf8(c), options);
    re2::StringPiece rest(all);
    re2::StringPiece found;
    while (!rest.empty() && same.Match(rest, 0, rest.size(), RE2::UNANCHORED, &found, 1)) {
      const auto first = static_cast<unsigned char>(found[0]);
      const unsigned more = first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
      std::uint32_t other = more == 0 ? first : first & (0x3FU >> more);
      for (unsigned i = 1; i <= more; ++i) other = other << 6 | (static_cast<unsigned char>(found[i]) & 0x3F);
      CAPTURE(c);
      CAPTURE(other);
      CHECK(fold(other) == fold(c));
      rest.remove_prefix(static_cast<std::size_t>(found.data() + found.size() - rest.data()));
    }
  }
}

/// More than one group in one day, the rest of it not indexed.
struct IndexFixture : StoreFixture {
  static constexpr std::uint64_t kRecords = 2 * kIndexedTogether + 1000;
  std::vector<StoredRecord> all;

  IndexFixture() {
    SeededRandom dice(7);
    for (std::uint64_t seq = 1; seq <= kRecords;) {
      std::vector<LogRecord> records;
      for (const std::uint64_t end = std::min(seq + 1000, kRecords + 1); seq < end; ++seq) {
        records.push_back(make_record(seq, message(seq), dice.below(500) == 0 ? LogLevel::error : LogLevel::info,
                                      "Logger." + std::to_string(dice.below(40))));
        if (dice.below(300) == 0) records.back().level = LogLevel::warning;
      }
      clock.advance(std::chrono::seconds{1});
      const auto stored = append({batch("node-" + std::to_string(dice.below(30)), std::move(records))});
      all.insert(all.end(), stored->records.begin(), stored->records.end());
    }
    REQUIRE(is_indexed());
  }
  static std::string message(std::uint64_t seq) {
    if (seq == 5000) return "Отказ ДИСКА на узле";
    if (seq == 40'000)
      return "abc\xe2\x82\xac"
             "def and the Kelvin sign: \xe2\x84\xaa"
             "elvin, stra\xc3\x9f"
             "e";
    return "request " + std::to_string(seq * 7919 % 100'003) + " took a while";
  }
  bool is_indexed() const {
    return eventually([&] { return store->unindexed() < kIndexedTogether; });
  }
  void check(const FilterSpec& spec) {
    CAPTURE(spec.text);
    CAPTURE(spec.regex);
    const auto filter = Filter::make(spec).value();
    std::vector<std::uint64_t> expected;
    for (const auto& stored : all) {
      if (filter.matches(stored.record)) expected.push_back(stored.number);
    }
    if (expected.size() > kMaxPageRecords) expected.resize(kMaxPageRecords);
    std::vector<std::uint64_t> seen;
    Query asked = make_query(spec, Order::forward, kMaxPageRecords);
    for (bool more = true; more && seen.size() < kMaxPageRecords;) {
      const Page page = query(asked);
      for (const auto number : numbers(page)) seen.push_back(number);
      asked.position = page.position;
      more = page.more;
    }
    seen.resize(std::min(seen.size(), kMaxPageRecords));
    CHECK(seen == expected);
  }
  void check_all() {
    const auto text = [&](std::string what) {
      return FilterSpec{{}, {}, LogLevel::debug, {}, {}, std::move(what), ""};
    };
    for (const char* what : {"отказ диска", "ДИСК", "ИСК", "ск", "kelvin",
                             "STRA\xc3\x9f"
                             "E",
                             "c\xe2\x82\xac"
                             "d",
                             "abc\xe2\x82\xac"
                             "DEF",
                             "request 4711 ", "99", "999", "Took", "nothing like it", "61439"})
      check(text(what));
    check({{"node-3"}, {}, LogLevel::debug, {}, {}, "request 77", ""});
    check({{"node-3", "node-1?"}, {"Logger.1*"}, LogLevel::warning, {}, {}, "", ""});
    check({{"node-*"}, {"Logger.7"}, LogLevel::error, {}, {}, "took", ""});
    check({{}, {}, LogLevel::warning, {}, {}, "", ""});
    check({{}, {"Logger.9"}, LogLevel::debug, {}, {}, "", "request 1.*while"});
    for (const char* regex : {"request 4711 .*while",
                              "^request 99[0-9]{3} took",
                              "request (4711|99) took",
                              "request 4711 |diska|ДИСК",
                              "4711 took|99",
                              "(?i)REQUEST 61439",
                              "REQUEST 61439",
                              "отказ",
                              "(?i)отказ диска",
                              "узле$",
                              "Kelvin|kelvin",
                              "(?i)KELVIN sign",
                              "(?i)\xe2\x84\xaa"
                              "ELVIN",
                              "(?i)STRASSE",
                              "(?i)STRA\xc3\x9f"
                              "E",
                              "abc.def",
                              "abc\xe2\x82\xac?def",
                              "(request 77)?7",
                              "re{1,3}quest 4711\\b",
                              "nothing.*like it",
                              "[^ ]+ 61439",
                              "request \\Q4711\\E",
                              "r..uest 100003"})
      check({{}, {}, LogLevel::debug, {}, {}, "", regex});
    check({{}, {}, LogLevel::debug, {}, {}, "took", "request 4711.*while"});
  }
  fs::path index() const { return day().replace_extension(".idx"); }
};

TEST_CASE_FIXTURE(IndexFixture, "a search by the index gives what looking at each record gives") {
  CHECK(store->unindexed() == 1000);
  check_all();
  // Also where a page begins within a group, going backward.
  Query asked = make_query({{}, {}, LogLevel::warning, {}, {}, "", ""}, Order::backward, 50, 40'123);
  const auto page = query(asked);
  REQUIRE(page.records.size() == 50);
  std::vector<std::uint64_t> expected;
  for (std::size_t i = 40'122; i-- > 0 && expected.size() < 50;) {
    if (all[i].record.level >= LogLevel::warning) expected.push_back(all[i].number);
  }
  CHECK(numbers(page) == expected);
}

TEST_CASE_FIXTURE(IndexFixture, "what is deleted is not found, and a finished day is indexed to its end") {
  while (store->remove_some("node-3", kRecords / 2).value().more) {
  }
  std::erase_if(all,
                [&](const StoredRecord& one) { return one.number <= kRecords / 2 && one.record.node_id == "node-3"; });
  clock.advance(std::chrono::hours{24});
  all.push_back(append({batch("node-1", {make_record(kRecords + 1, "the next day")})})->records.at(0));
  CHECK(eventually([&] { return store->unindexed() == 1; }));
  check_all();
}

TEST_CASE_FIXTURE(IndexFixture, "an index that is gone, cut or of another store is made again at the start") {
  using Change = void (*)(const fs::path&);
  const auto size = fs::file_size(index());
  for (const Change change : {Change([](const fs::path& path) { fs::remove(path); }),
                              Change([](const fs::path& path) { fs::resize_file(path, 100'000); }),
                              Change([](const fs::path& path) { fs::resize_file(path, 600'000); }),
                              Change([](const fs::path& path) { std::ofstream(path) << "something else"; })}) {
    store.reset();
    change(index());
    reopen();
    REQUIRE(is_indexed());
    CHECK(fs::file_size(index()) == size);
    check({{}, {}, LogLevel::debug, {}, {}, "request 4711 ", ""});
  }
}

TEST_CASE_FIXTURE(IndexFixture, "flipped bits in the index cost no record, and it is made anew") {
  {
    std::fstream file(index(), std::ios::in | std::ios::out | std::ios::binary);
    // The second group's signatures.
    file.seekp(static_cast<std::streamoff>(64 * (1 + 8193 + 1)));
    const std::string noise(64 * 8192, '\x5A');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  check({{}, {}, LogLevel::debug, {}, {}, "kelvin", ""});
  const std::string said = "WARNING LogStore: the search index of logs-2026-01-02.db is damaged and is made anew";
  CHECK(eventually([&] { return sink.has(said); }));
  REQUIRE(is_indexed());
  check_all();
}

}  // namespace
