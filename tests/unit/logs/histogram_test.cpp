#include "logs/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

using namespace p2p;
using namespace p2p::logs;
using std::chrono::seconds;

namespace {

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

TimeBuckets buckets(std::string_view since, std::string_view until, std::size_t count) {
  return make_buckets(at(since), at(until), count);
}

std::vector<std::string> lines_of(const std::string& text) {
  auto out = split(text, '\n');
  out.pop_back();
  return out;
}

/// Characters, all of which take one column here.
std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string without_colours(std::string text) {
  for (std::size_t begin; (begin = text.find('\x1b')) != std::string::npos;)
    text.erase(begin, text.find('m', begin) - begin + 1);
  return text;
}

}  // namespace

TEST_CASE("buckets are of a round length, begin at round times and cover all of the stretch") {
  CHECK(buckets("2026-01-02T03:04:05.5Z", "2026-01-02T03:05:05Z", 60) ==
        TimeBuckets{at("2026-01-02T03:04:05Z"), seconds{1}, 60});
  // One second more no longer fits into 60 buckets of a second.
  CHECK(buckets("2026-01-02T03:04:05.5Z", "2026-01-02T03:05:05.000000001Z", 60) ==
        TimeBuckets{at("2026-01-02T03:04:04Z"), seconds{2}, 31});
  CHECK(buckets("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", 24) ==
        TimeBuckets{at("2026-01-02T00:00:00Z"), std::chrono::hours{1}, 24});
  CHECK(buckets("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", 24).count == 0);
  CHECK(buckets("2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z", 24).count == 0);
  for (const char* until : {"2026-01-02T00:00:00.000000001Z", "2026-01-02T00:59:59Z", "2026-03-01T07:00:00Z",
                            "2049-01-01T00:00:00Z", "2261-01-01T00:00:00Z"}) {
    for (const std::size_t most : {1, 2, 7, 60, 1000}) {
      CAPTURE(until);
      CAPTURE(most);
      const auto cut = buckets("2026-01-02T00:00:00Z", until, most);
      REQUIRE(cut.count >= 1);
      CHECK(cut.count <= most);
      CHECK(cut.begin <= at("2026-01-02T00:00:00Z"));
      CHECK(std::chrono::floor<seconds>(cut.begin.time_since_epoch()) % cut.width == seconds{0});
      CHECK(cut.start_of(cut.count - 1) < at(until));
      CHECK(cut.index_of(at(until) - std::chrono::nanoseconds{1}) == cut.count - 1);
    }
  }
}

TEST_CASE("a time belongs to the bucket that it is in, and else to the nearest") {
  const TimeBuckets cut{at("2026-01-02T00:00:00Z"), seconds{10}, 3};
  CHECK(cut.index_of(at("2026-01-02T00:00:00Z")) == 0);
  CHECK(cut.index_of(at("2026-01-02T00:00:09.999999999Z")) == 0);
  CHECK(cut.index_of(at("2026-01-02T00:00:10Z")) == 1);
  CHECK(cut.index_of(at("2026-01-02T00:00:29Z")) == 2);
  CHECK(cut.index_of(at("2026-01-02T00:00:30Z")) == 2);
  CHECK(cut.index_of(at("2025-01-02T00:00:30Z")) == 0);
}

TEST_CASE("the parts of a bar are in proportion, and nothing that is there is left out") {
  using Bar = std::array<unsigned, 5>;
  // 8 rows of 8 eighths: the highest bar has 64.
  CHECK(bar_of({0, 100, 0, 0, 0}, 100) == Bar{0, 64, 0, 0, 0});
  CHECK(bar_of({0, 50, 0, 50, 0}, 100) == Bar{0, 32, 0, 32, 0});
  CHECK(bar_of({0, 25, 0, 25, 0}, 100) == Bar{0, 16, 0, 16, 0});
  CHECK(bar_of({0, 0, 0, 0, 0}, 100) == Bar{});
  CHECK(bar_of({0, 0, 0, 0, 1}, 1'000'000) == Bar{0, 0, 0, 0, 1});
  CHECK(bar_of({0, 999'999, 0, 1, 0}, 1'000'000) == Bar{0, 63, 0, 1, 0});
  CHECK(bar_of({1, 1, 1, 1, 1}, 1'000'000'000'000) == Bar{1, 1, 1, 1, 1});
  CHECK(bar_of({UINT64_MAX / 8, UINT64_MAX / 8, 0, 0, 0}, UINT64_MAX / 4) == Bar{32, 32, 0, 0, 0});
  for (std::uint64_t a = 0; a < 40; ++a) {
    for (std::uint64_t b = 1; b < 40; b += 3) {
      const LevelCounts counts{a, b, a / 3, b / 7, a / 11};
      const Bar bar = bar_of(counts, 100);
      const auto height = std::accumulate(bar.begin(), bar.end(), 0U);
      const double exact = static_cast<double>(total_of(counts)) * 64 / 100;
      CHECK(std::abs(height - exact) <= 5);
      for (std::size_t level = 0; level < counts.size(); ++level) CHECK((bar[level] > 0) == (counts[level] > 0));
    }
  }
}

TEST_CASE("counts are short") {
  CHECK(short_count(0) == "0");
  CHECK(short_count(999) == "999");
  CHECK(short_count(1000) == "1.0k");
  CHECK(short_count(9'949) == "9.9k");
  CHECK(short_count(9'951) == "10k");
  CHECK(short_count(999'499) == "999k");
  CHECK(short_count(999'500) == "1.0M");
  CHECK(short_count(12'345'678) == "12M");
  CHECK(short_count(UINT64_MAX) == "18E");
}

TEST_CASE("a histogram is drawn to scale, with its times below") {
  LogStats stats = LogStats::over(at("2026-01-02T03:00:00Z"), at("2026-01-02T03:04:00Z"), 4);
  REQUIRE(stats.buckets.count == 4);
  stats.add(at("2026-01-02T03:00:10Z"), LogLevel::info, 80);
  stats.add(at("2026-01-02T03:01:10Z"), LogLevel::info, 40);
  stats.add(at("2026-01-02T03:03:59Z"), LogLevel::error, 25);
  CHECK(draw_histogram(stats, 24, {}) ==
        "   80 ┤████\n"
        "      │████\n"
        "      │████\n"
        "      │████\n"
        "   40 ┤████████\n"
        "      │████████    ▄▄▄▄\n"
        "      │████████    ████\n"
        "      │████████    ████\n"
        "    0 └────────────────\n"
        "       03:00      03:03\n");
  LineLook colour;
  colour.colour = true;
  const std::string painted = draw_histogram(stats, 24, colour);
  CHECK(without_colours(painted) == draw_histogram(stats, 24, {}));
  CHECK(painted.find("\x1b[31m▄\x1b[0m") != std::string::npos);
  CHECK(painted.find("\x1b[32m█\x1b[0m") != std::string::npos);
}

TEST_CASE("levels that share a cell are both in it: the lower as a block, the upper behind it") {
  LogStats stats = LogStats::over(at("2026-01-02T03:00:00Z"), at("2026-01-02T03:00:01Z"), 1);
  stats.add(at("2026-01-02T03:00:00Z"), LogLevel::error, 4);
  stats.add(at("2026-01-02T03:00:00Z"), LogLevel::info, 60);
  LineLook colour;
  colour.colour = true;
  // 64 eighths in all, 4 of them red: half of the lowest cell.
  CHECK(lines_of(draw_histogram(stats, kScaleColumns + 1, colour))[7] == "      │\x1b[31;42m▄\x1b[0m");
}

TEST_CASE("no line is wider than the terminal, however narrow") {
  for (std::size_t width = 1; width < 130; ++width) {
    LogStats stats = LogStats::over(at("2026-01-02T03:00:00Z"), at("2026-01-05T09:04:00Z"), bar_columns(width));
    for (std::size_t i = 0; i < stats.buckets.count; ++i)
      stats.add(stats.buckets.start_of(i), LogLevel::warning, i * 1'000'000);
    for (const auto& line : lines_of(draw_histogram(stats, width, {}))) {
      CAPTURE(width);
      CAPTURE(line);
      CHECK(columns_of(line) <= std::max(width, kScaleColumns + 1));
    }
  }
  CHECK(draw_histogram(LogStats{}, 80, {}).empty());
}
