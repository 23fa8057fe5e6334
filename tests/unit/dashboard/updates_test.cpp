#include "dashboard/updates.hpp"

#include <doctest/doctest.h>

#include "dashboard/history_json.hpp"

using namespace p2p;
using namespace p2p::dashboard;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kBegin{std::chrono::seconds(1'800'000'000)};

NodeEntry idle_node() {
  NodeEntry node;
  node.role = "worker";
  node.status = "alive";
  node.cpu = 0.01;
  node.memory_used = 1'000'000'000;
  node.memory_total = 4'000'000'000;
  node.calls_per_second = 0;
  return node;
}

Json read(const std::string& text) {
  auto parsed = parse_json(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

/// What a page makes of an update, as the protocol says.
void take_in(Json& page, const Json& update) {
  if (update.contains("whole")) {
    page = update.at("data").at("metrics");
    return;
  }
  const Json& metrics = update.at("data").at("metrics");
  if (metrics.contains("fleet")) page["fleet"] = metrics.at("fleet");
  if (metrics.contains("nodes")) page["nodes"].update(metrics.at("nodes"));
  for (const Json& name : metrics.value("removed", Json::array())) page["nodes"].erase(name.get<std::string>());
  page["now"] = metrics.at("now");
}

}  // namespace

TEST_CASE("a page that applies each delta has what a page has that begins now") {
  Updates updates;
  Snapshot now{kBegin, {}, {}};
  now.fleet.name = "shop";
  now.nodes["web-1"] = idle_node();
  now.nodes["web-2"] = idle_node();
  const Json first = read(updates.next(now, "{}"));
  Json page = {{"nodes", Json::object()}};
  take_in(page, first);
  const auto step = [&] {
    now.now += 1s;
    const std::uint64_t before = updates.sequence();
    const Json update = read(updates.next(now, "{}"));
    CHECK(update.at("base") == before);
    CHECK(update.at("sequence") == before + 1);
    take_in(page, update);
    Json whole;
    take_in(whole, read(updates.whole("{}")));
    CHECK(page.dump() == whole.dump());
    return update.at("data").at("metrics");
  };
  CHECK_FALSE(step().contains("nodes"));
  now.nodes["web-2"].status = "suspected";
  CHECK(step().at("nodes").size() == 1);
  now.nodes.erase("web-1");
  CHECK(step().at("removed").dump() == R"(["web-1"])");
  now.nodes["web-3"] = idle_node();
  now.fleet.problems = {"the log store takes no records"};
  const Json changed = step();
  CHECK(changed.at("fleet").at("problems").size() == 1);
  CHECK(changed.at("nodes").contains("web-3"));
}

TEST_CASE("what the page shows is never further off than the noise") {
  Updates updates;
  Snapshot now{kBegin, {}, {}};
  now.nodes["web-1"] = idle_node();
  Json page = {{"nodes", Json::object()}};
  for (int i = 0; i < 100; ++i) {
    now.now += 10ms;
    now.nodes["web-1"].cpu = 0.005 * i;  // it creeps
    take_in(page, read(updates.next(now, "{}")));
    REQUIRE(std::abs(page.at("nodes").at("web-1").at("cpu").get<double>() - 0.005 * i) < 0.021);
  }
}

TEST_CASE("an idle fleet of three nodes takes far less than 2 kB a second") {
  Updates updates;
  metrics::FleetHistory history;
  Snapshot now{kBegin, {}, {}};
  for (const char* name : {"coord", "web-1", "web-2"}) now.nodes[name] = idle_node();
  std::size_t bytes = 0;
  const auto begin = std::chrono::duration_cast<std::chrono::seconds>(kBegin.time_since_epoch()).count();
  for (int i = 0; i < 120; ++i) {
    now.now += 1s;
    for (auto& [name, node] : now.nodes) {
      node.cpu = 0.01 + 0.005 * (i % 3);
      node.last_seen = now.now;
      *node.memory_used += 1000;
      history.add(name, begin + i, {0.01F, 0.25F, 0, 0, metrics::kUnknown, 0});
    }
    history.add_fleet(begin + i, {0.01F, 0.25F, 0, 0, metrics::kUnknown, 0});
    bytes += updates.next(now, history_point_json(history, begin + i)).size();
  }
  CHECK(bytes / 120 < 500);
}

TEST_CASE("an entry is sent anew after a minute, as noise adds up") {
  Updates updates;
  Snapshot now{kBegin, {}, {}};
  now.nodes["web-1"] = idle_node();
  updates.next(now, "{}");
  int sent = 0;
  for (int i = 0; i < 120; ++i) {
    now.now += 1s;
    now.nodes["web-1"].last_seen = now.now;
    sent += read(updates.next(now, "{}")).at("data").at("metrics").contains("nodes") ? 1 : 0;
  }
  CHECK(sent == 2);
}

TEST_CASE("a service's entry has its methods that fail, and the part that fails is told in steps") {
  Updates updates;
  Snapshot now{kBegin, {}, {}};
  NodeEntry& node = now.nodes["web-1"] = idle_node();
  node.services["math"] = {"", "running", 0, {}, {}};
  node.services["mat"] = {"", "running", 0, {}, {}};
  node.failing = {{"math.divide", 0.5, "division by zero"}, {"system.ping", 1, "never"}};
  const Json services = read(updates.next(now, "{}")).at("data").at("metrics").at("nodes").at("web-1").at("services");
  CHECK(services.at("math").at("failing").dump() == R"([{"error":"division by zero","method":"divide","share":0.5}])");
  CHECK_FALSE(services.at("mat").contains("failing"));
  const auto is_sent = [&](double share) {
    node.failing[0].share = share;
    now.now += 1s;
    return read(updates.next(now, "{}")).at("data").at("metrics").contains("nodes");
  };
  CHECK_FALSE(is_sent(0.58));
  CHECK(is_sent(0.61));
}

TEST_CASE("what is unknown is absent, and hostile text stays text") {
  NodeEntry node = idle_node();
  node.last_error = LastError{kBegin, "Service.x", "<img src=x onerror=\"alert(1)\">\x1b[2J\xff", "c-1"};
  Updates updates;
  Snapshot now{kBegin, {}, {{"web-1", node}}};
  const Json entry = read(updates.next(now, "{}")).at("data").at("metrics").at("nodes").at("web-1");
  CHECK_FALSE(entry.contains("rss"));
  CHECK_FALSE(entry.contains("certificate"));
  CHECK_FALSE(entry.contains("last_seen"));
  CHECK(entry.at("calls_per_second") == 0);
  CHECK(entry.at("last_error").at("message") == "<img src=x onerror=\"alert(1)\">\x1b[2J\xef\xbf\xbd");
}

TEST_CASE("histories have the shapes that the page expects") {
  metrics::FleetHistory history;
  constexpr std::int64_t kStart = 1'800'000'000;
  for (int i = 0; i < 120; ++i) {
    history.add_fleet(kStart + i, {0.5F, 0.25F, 3, 0, metrics::kUnknown, 100});
    history.add("web-1", kStart + i, {static_cast<float>(i), 0.25F, 3, 0, metrics::kUnknown, 100});
  }
  const Json whole = read(history_json(history, kStart + 119));
  CHECK(whole.at("step") == 1);
  CHECK(whole.at("end") == kStart + 119);
  CHECK(whole.at("fleet").at("cpu").size() == 900);
  CHECK(whole.at("fleet").at("cpu").back() == 0.5);
  CHECK(whole.at("fleet").at("cpu").front().is_null());
  CHECK(whole.at("fleet").at("p99").back().is_null());
  CHECK(whole.at("nodes").at("web-1").at("cpu").size() == 60);
  CHECK(whole.at("nodes").at("web-1").at("cpu").back() == 112);  // the mean of 105 … 119

  const Json point = read(history_point_json(history, kStart + 118));
  CHECK(point.at("fleet").at("logs") == 100);
  CHECK_FALSE(point.contains("nodes"));
  CHECK(read(history_point_json(history, kStart + 119)).at("nodes").at("web-1").at("cpu") == 112);

  const Json range = read(range_json(*history.find("web-1"), metrics::Range::six_hours));
  CHECK(range.at("step") == 10);
  const Json& cpu = range.at("series").at("cpu");
  CHECK(cpu.at("min").size() == 11);
  CHECK(cpu.at("min").front() == 0);
  CHECK(cpu.at("mean").front() == 4.5);
  CHECK(cpu.at("max").front() == 9);
  CHECK(range.at("end") == kStart + 100);
}
