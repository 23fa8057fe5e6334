#include "metrics/history.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "metrics/fleet_history.hpp"

using namespace p2p::metrics;

namespace {

constexpr std::int64_t kBegin = 1'800'000'000;  // a whole number of minutes

SeriesValues only_cpu(float value) {
  SeriesValues out;
  out.fill(kUnknown);
  out[0] = value;
  return out;
}

std::string file_of(const FleetHistory& fleet) {
  HistoryEncoder encoder;
  while (encoder.take(fleet)) encoder.write();
  return encoder.finish(kBegin);
}

}  // namespace

TEST_CASE("a number of a history is off by at most one part in 256, and nothing known stays nothing") {
  for (const float value : {0.0F, 1.0F, 0.123456F, 1.0078F, 3.99F, 3.5e9F, 1e-6F, -2.75F, 65504.0F}) {
    CHECK(std::abs(from_half_single(to_half_single(value)) - value) <= std::abs(value) / 256);
  }
  CHECK(std::isnan(from_half_single(to_half_single(kUnknown))));
  CHECK(std::isinf(from_half_single(to_half_single(INFINITY))));
}

TEST_CASE("a ring keeps its newest rows; what was not told is unknown") {
  HistoryRing ring(1, 4);
  const auto push = [&](std::int64_t step, float value) { ring.push(step, std::span(&value, 1)); };
  for (std::int64_t step = 10; step < 16; ++step) push(step, static_cast<float>(step));
  CHECK(ring.size() == 4);
  CHECK(std::isnan(ring.at(11, 0)));
  CHECK(ring.at(12, 0) == 12);
  CHECK(ring.at(15, 0) == 15);
  CHECK(std::isnan(ring.at(16, 0)));
  push(15, 99);
  push(3, 99);
  CHECK(ring.at(15, 0) == 15);
  push(18, 18);
  CHECK(ring.at(15, 0) == 15);
  CHECK(std::isnan(ring.at(16, 0)));
  CHECK(std::isnan(ring.at(17, 0)));
  CHECK(ring.at(18, 0) == 18);
  push(1000, 7);
  CHECK(ring.size() == 1);
  CHECK(ring.at(1000, 0) == 7);
  CHECK(std::isnan(ring.at(18, 0)));
}

TEST_CASE("a ring that gets less room keeps the newest, and more room keeps all") {
  HistoryRing ring(2, 5);
  for (int step = 0; step < 8; ++step) {
    const float row[] = {static_cast<float>(step), static_cast<float>(-step)};
    ring.push(step, row);
  }
  ring.set_capacity(3);
  CHECK(ring.size() == 3);
  CHECK(std::isnan(ring.at(4, 0)));
  for (int step = 5; step < 8; ++step) CHECK(ring.at(step, 1) == static_cast<float>(-step));
  ring.set_capacity(6);
  const float row[] = {8, -8};
  ring.push(8, row);
  for (int step = 5; step < 9; ++step) CHECK(ring.at(step, 0) == static_cast<float>(step));
}

TEST_CASE("longer steps have minimum, mean and maximum of their seconds") {
  History history;
  for (int i = 0; i <= 60; ++i) history.add(kBegin + i, only_cpu(static_cast<float>(i)));
  const HistoryPoint second = history.at(Range::quarter_hour, kBegin + 59, Series::cpu);
  CHECK(second.mean == 59);
  const HistoryPoint ten = history.at(Range::six_hours, kBegin / 10 + 2, Series::cpu);  // 20 … 29
  CHECK(ten.min == 20);
  CHECK(ten.mean == 24.5F);
  CHECK(ten.max == 29);
  const HistoryPoint minute = history.at(Range::week, kBegin / 60, Series::cpu);  // 0 … 59
  CHECK(minute.min == 0);
  CHECK(minute.mean == 29.5F);
  CHECK(minute.max == 59);
  CHECK(std::isnan(history.at(Range::week, kBegin / 60, Series::p99).mean));
  CHECK(std::isnan(history.at(Range::week, kBegin / 60 + 1, Series::cpu).mean));  // not over yet
  CHECK(history.mean_of_seconds(kBegin + 30, kBegin + 33, Series::cpu) == 31);
}

TEST_CASE("seconds that were missed are no part of a mean, and are unknown themselves") {
  History history;
  history.add(kBegin, only_cpu(0.5F));
  history.add(kBegin + 4, only_cpu(0.25F));
  history.add(kBegin + 2, only_cpu(1));  // too late
  history.add(kBegin + 10, only_cpu(0));
  CHECK(std::isnan(history.at(Range::quarter_hour, kBegin + 2, Series::cpu).mean));
  const HistoryPoint ten = history.at(Range::six_hours, kBegin / 10, Series::cpu);
  CHECK(ten.min == 0.25F);
  CHECK(ten.mean == 0.375F);
  CHECK(ten.max == 0.5F);
}

TEST_CASE("a clock that was ahead and is set right does not stop the history") {
  History history;
  for (int i = 0; i < 30; ++i) history.add(kBegin + 1'000'000 + i, only_cpu(1));
  history.add(kBegin + 1'000'000, only_cpu(0.5F));  // a little back is waited for
  CHECK(history.last_second() == kBegin + 1'000'029);
  for (int i = 0; i < 30; ++i) history.add(kBegin + i, only_cpu(0.25F));
  CHECK(history.last_second() == kBegin + 29);
  CHECK(history.at(Range::six_hours, kBegin / 10 + 1, Series::cpu).mean == 0.25F);
}

TEST_CASE("a clock that is set back takes only what was later, whether the ring is full or not") {
  for (const int seconds : {600, 3'600}) {
    History history;
    for (int i = 0; i < seconds; ++i) history.add(kBegin + i, only_cpu(1));
    const std::int64_t back = kBegin + seconds - 120;
    history.add(back, only_cpu(0.5F));
    CHECK(history.last_second() == back);
    CHECK(history.at(Range::quarter_hour, back, Series::cpu).mean == 0.5F);
    CHECK(history.at(Range::quarter_hour, back - 1, Series::cpu).mean == 1);
    CHECK(history.at(Range::quarter_hour, back - 300, Series::cpu).mean == 1);
    CHECK(std::isnan(history.at(Range::quarter_hour, back + 1, Series::cpu).mean));
    CHECK(history.at(Range::six_hours, back / 10 - 1, Series::cpu).mean == 1);
    CHECK(history.at(Range::six_hours, kBegin / 10, Series::cpu).mean == 1);
    CHECK(history.at(Range::week, kBegin / 60 + 1, Series::cpu).mean == 1);
    for (int i = 1; i < 900; ++i) history.add(back + i, only_cpu(0.25F));
    CHECK(history.at(Range::quarter_hour, back + 899, Series::cpu).mean == 0.25F);
    CHECK(history.at(Range::six_hours, back / 10 + 5, Series::cpu).mean == 0.25F);
  }
}

TEST_CASE("each range goes back as far as it says, and no more memory is used than is said") {
  History history;
  constexpr std::int64_t kEightDays = 8 * 24 * 3600;
  for (std::int64_t i = 0; i <= kEightDays; ++i) history.add(kBegin + i, only_cpu(1));
  CHECK(history.points(Range::quarter_hour) == 15 * 60);
  CHECK(history.points(Range::six_hours) * 10 == 6 * 3600);
  CHECK(history.points(Range::week) * 60 == 7 * 24 * 3600);
  CHECK(history.memory_bytes() == kHistoryBytes);
  CHECK(kHistoryBytes == 6 * 2 * (900 + 3 * 2160 + 3 * 10080));
}

TEST_CASE("many nodes share the room, and the fleet keeps all of its own") {
  constexpr std::size_t kRoom = 4 * kHistoryBytes;
  FleetHistory fleet(kRoom);
  const auto add = [&](int nodes, std::int64_t minutes) {
    for (std::int64_t minute = 0; minute < minutes; ++minute) {
      const std::int64_t second = kBegin + minute * 60;
      fleet.add_fleet(second, only_cpu(1));
      for (int node = 0; node < nodes; ++node) fleet.add("node-" + std::to_string(node), second, only_cpu(0.5F));
    }
  };
  add(20, 8 * 24 * 60);
  std::size_t bytes = 0;
  for (const auto& [name, history] : fleet.nodes()) bytes += history.memory_bytes();
  CHECK(bytes <= kRoom);
  CHECK(bytes > kRoom / 2);
  CHECK(fleet.fleet().points(Range::week) == 10080);
  const History* node = fleet.find("node-7");
  REQUIRE(node != nullptr);
  CHECK(node->points(Range::quarter_hour) == 900);
  CHECK(node->points(Range::week) > 900);
  CHECK(node->points(Range::week) < 10080);
}

TEST_CASE("nodes of which nothing was heard for a week are forgotten") {
  FleetHistory fleet;
  fleet.add("old", kBegin, only_cpu(1));
  fleet.add("new", kBegin + 7 * 24 * 3600, only_cpu(1));
  fleet.forget_old(kBegin + 7 * 24 * 3600);
  CHECK(fleet.find("old") != nullptr);
  fleet.forget_old(kBegin + 7 * 24 * 3600 + 1);
  CHECK(fleet.find("old") == nullptr);
  CHECK(fleet.find("new") != nullptr);
}

TEST_CASE("a history is the same after it was written and read") {
  FleetHistory written;
  for (int i = 0; i < 1000; ++i) {
    written.add_fleet(kBegin + i, only_cpu(static_cast<float>(i % 7)));
    if (i % 3 != 0) written.add("worker-1", kBegin + i, {0.5F, 0.25F, static_cast<float>(i), 0, kUnknown, 8});
  }
  FleetHistory read;
  REQUIRE(read.load(file_of(written)).has_value());
  REQUIRE(read.find("worker-1") != nullptr);
  const auto same = [](float a, float b) { return (std::isnan(a) && std::isnan(b)) || a == b; };
  for (const Range range : {Range::quarter_hour, Range::six_hours, Range::week}) {
    const std::int64_t step_seconds = kRangeShapes[static_cast<std::size_t>(range)].step_seconds;
    for (std::int64_t step = kBegin / step_seconds; step <= (kBegin + 1000) / step_seconds; ++step) {
      for (const Series series : {Series::cpu, Series::calls, Series::p99}) {
        const HistoryPoint a = written.find("worker-1")->at(range, step, series);
        const HistoryPoint b = read.find("worker-1")->at(range, step, series);
        REQUIRE((same(a.min, b.min) && same(a.mean, b.mean) && same(a.max, b.max)));
        REQUIRE(same(written.fleet().at(range, step, series).max, read.fleet().at(range, step, series).max));
      }
    }
  }
  // It goes on behind what was read.
  read.add_fleet(kBegin + 1001, only_cpu(3));
  CHECK(read.fleet().at(Range::quarter_hour, kBegin + 999, Series::cpu).mean == 999 % 7);
  CHECK(read.fleet().at(Range::quarter_hour, kBegin + 1001, Series::cpu).mean == 3);
}

TEST_CASE("what changes while the file is made is in it as it was or as it is, each history whole") {
  FleetHistory fleet;
  fleet.add_fleet(kBegin, only_cpu(1));
  constexpr std::int64_t kLater = kBegin + 7 * 24 * 3600;
  fleet.add("b", kBegin, only_cpu(1));
  for (const char* name : {"d", "f"}) fleet.add(name, kLater, only_cpu(1));
  HistoryEncoder encoder;
  for (int taken = 0; encoder.take(fleet); ++taken) {
    if (taken == 1) {  // "b" was copied
      fleet.add("c", kLater, only_cpu(1));
      fleet.add("f", kLater + 1, only_cpu(1));
      fleet.forget_old(kLater + 1);
      REQUIRE(fleet.find("b") == nullptr);
    }
    encoder.write();
  }
  FleetHistory read;
  REQUIRE(read.load(encoder.finish(kBegin)).has_value());
  CHECK(read.fleet().last_second() == kBegin);
  REQUIRE(read.nodes().size() == 4);
  CHECK(read.nodes().at("b").last_second() == kBegin);
  for (const char* name : {"c", "d"}) CHECK(read.nodes().at(name).last_second() == kLater);
  CHECK(read.nodes().at("f").last_second() == kLater + 1);
}

TEST_CASE("a file is saved so often that it costs a disk 128 KiB a second, within 15 s and 10 minutes") {
  CHECK(save_interval(0) == std::chrono::seconds(15));
  CHECK(save_interval(15 * 131'072) == std::chrono::seconds(15));
  CHECK(save_interval(15 * 131'072 + 1) == std::chrono::seconds(16));
  CHECK(save_interval(599 * 131'072 + 1) == std::chrono::minutes(10));
  CHECK(save_interval(kMaxHistoriesBytes) == std::chrono::minutes(10));
  // What the manual says: a coordinator, its workers and the fleet as a whole.
  CHECK(save_interval((2 + 2) * kHistoryBytes) == std::chrono::seconds(15));
  CHECK(save_interval((8 + 2) * kHistoryBytes) == std::chrono::seconds(35));
  CHECK(save_interval((100 + 2) * kHistoryBytes) < std::chrono::minutes(6));
  CHECK(save_interval((500 + 2) * kHistoryBytes) == std::chrono::minutes(10));
}

TEST_CASE("a torn or altered file is refused whole") {
  FleetHistory written;
  for (int i = 0; i < 100; ++i) written.add("worker-1", kBegin + i, only_cpu(1));
  const std::string text = file_of(written);
  FleetHistory read;
  for (std::size_t size = 0; size < text.size(); size += 7) CHECK_FALSE(read.load(text.substr(0, size)).has_value());
  for (std::size_t at = 0; at < text.size(); at += 5) {
    std::string altered = text;
    altered[at] = static_cast<char>(altered[at] ^ 4);
    CHECK_FALSE(read.load(altered).has_value());
  }
  CHECK_FALSE(read.load(text + "x").has_value());
  CHECK(read.nodes().empty());
}

TEST_CASE("ranges have the names that the page uses") {
  CHECK(parse_range("15m") == Range::quarter_hour);
  CHECK(parse_range("6h") == Range::six_hours);
  CHECK(parse_range("7d") == Range::week);
  CHECK_FALSE(parse_range("8d").has_value());
}
