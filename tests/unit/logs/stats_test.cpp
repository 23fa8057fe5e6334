// Counting in the store, and what of it travels.
#include <map>
#include <numeric>

#include "log_testing.hpp"
#include "logs/api.hpp"

using namespace p2p;
using namespace p2p::logs;

namespace {

struct StatsFixture : StoreFixture {
  StatsPage stats(FilterSpec spec = {}, std::size_t buckets = 60, std::uint64_t position = 0) {
    auto filter = Filter::make(std::move(spec));
    if (!filter) FAIL(filter.error().context);
    auto out = store->stats(StatsQuery{std::move(*filter), position, buckets});
    if (!out) FAIL(out.error().context);
    return *out;
  }

  /// Two days of two nodes.
  void fill() {
    append({batch("a", {make_record(1), make_record(2, "disk full", LogLevel::error, "Service.disk")})});
    clock.advance(std::chrono::minutes{10});
    append({batch("b", {make_record(1, "x", LogLevel::debug), make_record(2, "Disk slow", LogLevel::warning)})});
    clock.set("2026-01-03T00:00:01Z");
    append({batch("a", {make_record(3, "gone", LogLevel::critical, "Service.disk")})});
    clock.advance(std::chrono::minutes{1});
  }
};

using Names = std::map<std::string, LevelCounts>;
Names sorted(const LogStats::ByName& names) { return {names.begin(), names.end()}; }

LevelCounts sum(const std::vector<LevelCounts>& histogram) {
  LevelCounts out{};
  for (const auto& counts : histogram) add(out, counts);
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(StatsFixture, "records are counted by level, node, logger and time") {
  fill();
  const StatsPage page = stats();
  CHECK_FALSE(page.more);
  CHECK(page.stats.levels == LevelCounts{1, 1, 1, 1, 1});
  CHECK(sorted(page.stats.nodes) == Names{{"a", {0, 1, 0, 1, 1}}, {"b", {1, 0, 1, 0, 0}}});
  CHECK(sorted(page.stats.loggers) == Names{{"Gossip", {1, 1, 1, 0, 0}}, {"Service.disk", {0, 0, 0, 1, 1}}});
  CHECK(page.stats.since == parse_rfc3339("2026-01-02T03:04:05Z").value());
  CHECK(page.stats.until > parse_rfc3339("2026-01-03T00:01:01Z").value());
  // 20 h 57 min in at most 60 pieces: half an hour each, from 03:00 on.
  const TimeBuckets half_hours{parse_rfc3339("2026-01-02T03:00:00Z").value(), std::chrono::minutes{30}, 43};
  CHECK(page.stats.buckets == half_hours);
  CHECK(page.stats.histogram.front() == LevelCounts{1, 1, 1, 1, 0});
  CHECK(page.stats.histogram.back() == LevelCounts{0, 0, 0, 0, 1});
  CHECK(sum(page.stats.histogram) == page.stats.levels);
}

TEST_CASE_FIXTURE(StatsFixture, "every part of a filter holds for counts as for records") {
  fill();
  FilterSpec node, logger, level, text, regex, since, until;
  node.nodes = {"b"};
  logger.loggers = {"Service.*"};
  level.minimum_level = LogLevel::error;
  text.text = "disk";
  regex.regex = "^D.sk";
  since.since = parse_rfc3339("2026-01-02T03:10:00Z").value();
  until.until = parse_rfc3339("2026-01-02T03:10:00Z").value();
  CHECK(stats(node).stats.levels == LevelCounts{1, 0, 1, 0, 0});
  CHECK(stats(logger).stats.levels == LevelCounts{0, 0, 0, 1, 1});
  CHECK(stats(level).stats.levels == LevelCounts{0, 0, 0, 1, 1});
  CHECK(stats(text).stats.levels == LevelCounts{0, 0, 1, 1, 0});
  CHECK(sorted(stats(text).stats.nodes) == Names{{"a", {0, 0, 0, 1, 0}}, {"b", {0, 0, 1, 0, 0}}});
  CHECK(stats(regex).stats.levels == LevelCounts{0, 0, 1, 0, 0});
  CHECK(stats(since).stats.levels == LevelCounts{1, 0, 1, 0, 1});
  CHECK(stats(until).stats.levels == LevelCounts{0, 1, 0, 1, 0});
  FilterSpec nobody;
  nobody.nodes = {"c"};
  CHECK(total_of(stats(nobody).stats.levels) == 0);
  CHECK(stats(nobody).stats.nodes.empty());
}

TEST_CASE_FIXTURE(StatsFixture, "an empty store has nothing to count") {
  const StatsPage page = stats();
  CHECK(total_of(page.stats.levels) == 0);
  CHECK_FALSE(page.more);
  CHECK(parse_stats(Json::parse(stats_json(page.stats, 5))).has_value());
}

TEST_CASE_FIXTURE(StatsFixture, "what was cleared is not counted, and records of a clock that stepped back are") {
  append({batch("a", {make_record(1)})});
  clock.set("2026-01-01T00:00:00Z");
  append({batch("b", {make_record(1), make_record(2)})});
  CHECK(total_of(stats().stats.levels) == 3);
  CHECK(sum(stats().stats.histogram) == LevelCounts{0, 3, 0, 0, 0});
  REQUIRE(store->remove_some("b", store->last_number()).has_value());
  CHECK(sorted(stats().stats.nodes) == Names{{"a", {0, 1, 0, 0, 0}}});
}

TEST_CASE_FIXTURE(StatsFixture, "parts that follow each other by cursor add up to the whole") {
  fill();
  const StatsPage whole = stats();
  FilterSpec settled;
  settled.since = whole.stats.since;
  settled.until = whole.stats.until;
  for (std::uint64_t cut = 0; cut <= store->last_number(); ++cut) {
    // What a part up to `cut` says, less what follows it, is what comes before.
    LogStats sum = stats(settled, 60, cut).stats;
    LogStats first = LogStats::over(*settled.since, *settled.until, 60);
    for (const auto& stored : query(make_query(settled, Order::forward)).records) {
      if (stored.number > cut) continue;
      first.add(stored.record.received_at, stored.record.level);
      ++first.nodes[stored.record.node_id][static_cast<std::size_t>(stored.record.level)];
      ++first.loggers[stored.record.logger_name][static_cast<std::size_t>(stored.record.level)];
    }
    REQUIRE(sum.merge(first).has_value());
    CHECK(sum.levels == whole.stats.levels);
    CHECK(sum.histogram == whole.stats.histogram);
    CHECK(sorted(sum.nodes) == sorted(whole.stats.nodes));
    CHECK(sorted(sum.loggers) == sorted(whole.stats.loggers));
    CHECK(sum.node_count == 2);
  }
  CHECK_FALSE(LogStats(whole.stats).merge(stats({}, 3).stats).has_value());
}

TEST_CASE_FIXTURE(StatsFixture, "counts come back from JSON as they were, and only the first names are told") {
  fill();
  const StatsPage page = stats();
  const auto part = parse_stats(Json::parse(stats_json(page.stats, 10, "aaaaaaaaaaaaaaaa-3", true)));
  REQUIRE(part.has_value());
  CHECK(part->cursor == "aaaaaaaaaaaaaaaa-3");
  CHECK(part->more);
  CHECK(part->stats.histogram == page.stats.histogram);
  CHECK(part->stats.buckets == page.stats.buckets);
  CHECK(sorted(part->stats.loggers) == sorted(page.stats.loggers));
  CHECK(part->stats.since == page.stats.since);
  const Json cut = Json::parse(stats_json(page.stats, 1));
  CHECK(cut["nodes"].size() == 1);
  CHECK(cut["nodes"][0]["node_id"] == "a");
  CHECK(cut["nodes"][0]["records"] == 3);
  CHECK(cut["node_count"] == 2);
  CHECK(cut["records"] == 5);
  CHECK_FALSE(cut.contains("cursor"));
  for (const char* wrong : {"{}", "[]", R"({"since":1})"}) CHECK_FALSE(parse_stats(Json::parse(wrong)).has_value());
}

TEST_CASE("memory for names is bounded, however many there are") {
  LogStats::ByName names;
  for (std::size_t i = 0; i < kMaxCountedNames + 10; ++i) add(names, std::to_string(i), {0, 1, 0, 0, 0});
  CHECK(names.size() == kMaxCountedNames);
  add(names, "7", {0, 1, 0, 0, 0});
  const auto top = top_of(names, 1);
  REQUIRE(top.size() == 1);
  CHECK(top[0].name == "7");
  CHECK(top[0].counts == LevelCounts{0, 2, 0, 0, 0});
}

TEST_CASE_FIXTURE(StatsFixture, "wrong parameters of the counts are named") {
  fill();
  const auto error_of = [&](const Json& parameters) {
    const auto parsed = parse_stats_query(json_parameters(parameters), *store, clock.wall());
    return parsed ? std::string("none") : parsed.error().context;
  };
  CHECK(error_of({{"buckets", 1}, {"top", 1000}, {"level", "error"}}) == "none");
  CHECK(error_of({{"buckets", 0}}) == "buckets: must be 1 to 1000");
  CHECK(error_of({{"buckets", 1001}}) == "buckets: must be 1 to 1000");
  CHECK(error_of({{"top", "x"}}) == "top: must be 1 to 1000");
  CHECK(error_of({{"cursor", "x"}}).find("not a log cursor") != std::string::npos);
  CHECK(error_of({{"since", "2026-01-02"}, {"until", "2026-01-01"}}) == "until: is before since");
}

TEST_CASE("a parameter that there is not, or that is not encoded, is named") {
  constexpr std::string_view known[] = {"node_id", "level"};
  const auto error_of = [&](std::string_view query) {
    const auto checked = check_query_names(query, known);
    return checked ? std::string("none") : checked.error().context;
  };
  CHECK(error_of("") == "none");
  CHECK(error_of("node_id=a&level=INFO&node%5Fid=b") == "none");
  CHECK(error_of("colour=a") == R"(there is no parameter "colour")");
  CHECK(error_of("node_idd=a") == R"(there is no parameter "node_idd"; did you mean "node_id"?)");
  CHECK(error_of("level=%zz") == "a parameter is not percent-encoded as it should be");
  CHECK(error_of("%1b=1").find('\x1b') == std::string::npos);
  CHECK(check_members({{"level", "INFO"}}, known).has_value());
  CHECK(check_members(Json::object(), {}).has_value());
  CHECK(check_members({{"levle", "INFO"}}, known).error().context ==
        R"(there is no parameter "levle"; did you mean "level"?)");
  for (const char* good : {R"("a")", "5", "null", R"(["a","b"])", "[]"})
    CHECK(check_members({{"level", parse_json(good).value()}}, known).has_value());
  for (const char* bad : {"true", "{}", R"({"a":"b"})", "[1]", R"([["a"]])"}) {
    CAPTURE(bad);
    const auto checked = check_members({{"level", parse_json(bad).value()}}, known);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().context == "level: must be a text, a number or a list of texts");
  }
}
