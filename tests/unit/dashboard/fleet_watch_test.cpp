#include "dashboard/fleet_watch.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "metrics/fleet_history.hpp"

using namespace p2p;
using namespace p2p::dashboard;
using namespace std::chrono_literals;
using metrics::NodeFigures;
using metrics::Series;

namespace {

constexpr WallTime kFirstSecond{std::chrono::seconds(1'800'000'000)};
const Bytes kIssuer{1};

float value_of(const metrics::SeriesValues& point, Series series) { return point[static_cast<std::size_t>(series)]; }

/// A fleet whose clock a test turns, a second at a time.
struct Fleet {
  explicit Fleet(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      auto record = std::make_shared<membership::Record>();
      record->node_id = name;
      record->version = "1.2.3";
      record->addresses = {"10.0.0.1:8001"};
      record->services = {{"disk", "0"}};
      view.nodes.push_back({record, nullptr, pki::Role::worker, membership::NodeStatus::alive, kFirstSecond, true, {}});
      certify(name, 0x0c);
    }
    view.self_id = "coord";
  }

  membership::NodeView& seen(const std::string& name) { return const_cast<membership::NodeView&>(*view.find(name)); }
  /// Its record is signed with the certificate of this serial, of two years.
  void certify(const std::string& name, std::uint8_t serial) {
    seen(name).certificate = std::make_shared<const membership::SignerCertificate>(membership::SignerCertificate{
        {kIssuer, {0x0a, serial}}, kFirstSecond - std::chrono::days(300), kFirstSecond + std::chrono::days(430)});
  }
  void tell(const std::string& name, NodeFigures figures) { watch.take(name, std::move(figures), now); }
  /// Calls and failed ones, since the start of the node.
  void tell(const std::string& name, std::uint64_t calls, std::uint64_t errors = 0) {
    NodeFigures figures;
    figures.calls = calls;
    figures.errors = errors;
    tell(name, std::move(figures));
  }
  Picture look() {
    Sight sight{now, date, view, logs, log_records, {}, revoked, {}, {}};
    sight.clock_offset = [](const std::string& name) { return name == "web-1" ? std::optional(-250ms) : std::nullopt; };
    Picture out = watch.look(sight);
    now += 1s;
    date += 1s;
    return out;
  }
  NodeEntry entry(const std::string& name) { return look().snapshot.nodes.at(name); }

  FleetWatch watch{"shop", "coord"};
  membership::ClusterView view;
  LogCounts logs;
  pki::RevocationLists revoked;
  std::uint64_t log_records = 0;
  Monotonic now{1'000s};
  WallTime date = kFirstSecond;
};

}  // namespace

TEST_CASE("rates are what was counted, by the time that it took") {
  Fleet fleet{"web-1"};
  NodeEntry entry;
  for (std::uint64_t second = 0; second <= 20; ++second) {
    // 5 calls a second, one of ten fails, and in the last two seconds 20 more.
    const std::uint64_t burst = second > 18 ? (second - 18) * 10 : 0;
    fleet.tell("web-1", 5 * second + burst, second / 2);
    fleet.logs["web-1"] = {3 * second, second / 10, {}};
    const Picture picture = fleet.look();
    entry = picture.snapshot.nodes.at("web-1");
    if (second < 20) continue;
    REQUIRE(picture.nodes.size() == 1);
    CHECK(picture.nodes[0].first == "web-1");
    CHECK(value_of(picture.nodes[0].second, Series::calls) == 15);
    CHECK(value_of(picture.nodes[0].second, Series::logs) == 3);
  }
  CHECK(entry.calls_per_second == (10 * 5 + 20) / 10.0);
  CHECK(entry.errors_per_second == 0.5);
  CHECK(entry.logs_per_second == 3);
  REQUIRE(entry.log_errors_per_minute.has_value());
  CHECK(*entry.log_errors_per_minute == doctest::Approx(6));
}

TEST_CASE("the rate of a service's calls is of the last five to ten seconds, and its restart no burst") {
  Fleet fleet{"web-1"};
  const auto calls = [&](std::uint64_t count) {
    NodeFigures figures;
    figures.services = {{"disk", "running", 0, count, "1.0", ""}};
    fleet.tell("web-1", std::move(figures));
    return fleet.entry("web-1").services.at("disk").calls_per_second;
  };
  CHECK(calls(100) == 0);
  CHECK(calls(107) == 7);
  CHECK(calls(3) == 0);  // its node was restarted
  CHECK(calls(4) == 1);
  // A call every other second is half a call a second, whichever second it is looked at.
  for (std::uint64_t second = 0; second < 40; ++second) {
    const auto rate = calls(5 + second / 2);
    if (second < 10) continue;
    REQUIRE(rate.has_value());
    CHECK(*rate == doctest::Approx(0.5).epsilon(0.2));
  }
  // Of what was half a minute ago nothing is left ten seconds later.
  for (int second = 0; second < 10; ++second) calls(24);
  CHECK(calls(24) == 0);
}

TEST_CASE("methods of which a tenth of the calls fail are told, by name") {
  Fleet fleet{"web-1"};
  NodeFigures figures;
  figures.failing = {{"math.root", 10, 9, "negative"}, {"math.divide", 4, 1, "zero"}, {"math.add", 1'000, 99, "sum"}};
  fleet.tell("web-1", figures);
  CHECK(fleet.entry("web-1").failing ==
        std::vector<FailingMethod>{{"math.divide", 0.25, "zero"}, {"math.root", 0.9, "negative"}});
  fleet.tell("web-1", NodeFigures{});
  CHECK(fleet.entry("web-1").failing.empty());
}

TEST_CASE("a node that was restarted, or is heard again, has had no burst of calls") {
  Fleet fleet{"web-1"};
  for (std::uint64_t second = 0; second < 12; ++second) {
    fleet.tell("web-1", 1'000'000 + second);
    fleet.look();
  }
  fleet.tell("web-1", 50);  // since its new start
  fleet.look();
  fleet.tell("web-1", 52);
  CHECK(fleet.entry("web-1").calls_per_second == 2);
  for (int silent = 0; silent < 8; ++silent) fleet.look();
  fleet.tell("web-1", 90'000);  // the coordinator could not hear it
  CHECK_FALSE(fleet.entry("web-1").calls_per_second.has_value());
  fleet.tell("web-1", 90'001);
  CHECK(fleet.entry("web-1").calls_per_second == 1);
}

TEST_CASE("figures that cannot be are in no sum or chart, and the node says so until it tells others") {
  Fleet fleet{"web-1", "web-2"};
  NodeFigures lie;
  lie.cpu = 1;
  Picture picture;
  for (std::uint64_t second = 0; second < 12; ++second) {
    fleet.tell("web-1", second);
    lie.calls = second % 2 == 0 ? std::uint64_t{1} << 63 : second * 1'000'000'000'000;
    fleet.tell("web-2", lie);
    picture = fleet.look();
  }
  REQUIRE(picture.snapshot.fleet.calls_per_second.has_value());
  CHECK(*picture.snapshot.fleet.calls_per_second == doctest::Approx(1));
  REQUIRE(picture.nodes.size() == 2);
  CHECK(std::isnan(value_of(picture.nodes[1].second, Series::calls)));
  fleet.tell("web-2", std::uint64_t{1} << 63);
  picture = fleet.look();
  REQUIRE(picture.nodes.size() == 1);
  CHECK(std::isnan(value_of(picture.fleet, Series::cpu)));
  const NodeEntry& liar = picture.snapshot.nodes.at("web-2");
  CHECK_FALSE(liar.cpu.has_value());
  CHECK(liar.problems ==
        std::vector<std::string>{"what it tells of itself cannot be, and is not shown: more calls than a "
                                 "machine can answer"});
  CHECK(picture.snapshot.nodes.at("web-1").problems.empty());
  fleet.tell("web-2", 7);
  CHECK(fleet.entry("web-2").problems.empty());
  // What was not believed is forgotten as what was.
  fleet.tell("web-2", std::uint64_t{1} << 63);
  CHECK_FALSE(fleet.entry("web-2").problems.empty());
  for (int silent = 0; silent < 5; ++silent) fleet.look();
  CHECK(fleet.entry("web-2").problems.empty());
}

TEST_CASE("what was told more than four seconds ago is not known any more") {
  Fleet fleet{"web-1"};
  NodeFigures figures;
  figures.cpu = 0.5;
  figures.rss = 7;
  figures.memory = metrics::Share{1, 4};
  fleet.tell("web-1", figures);
  for (int second = 0; second <= 4; ++second) CHECK(fleet.entry("web-1").cpu == 0.5);
  const Picture late = fleet.look();
  const NodeEntry& entry = late.snapshot.nodes.at("web-1");
  CHECK_FALSE(entry.cpu.has_value());
  CHECK_FALSE(entry.rss.has_value());
  CHECK_FALSE(entry.memory_total.has_value());
  CHECK_FALSE(entry.calls_per_second.has_value());
  CHECK(late.nodes.empty());
  CHECK(std::isnan(value_of(late.fleet, Series::cpu)));
  CHECK(entry.status == "alive");
}

TEST_CASE("of a node that tells no figures there is what membership and the log know") {
  Fleet fleet{"coord", "web-1", "web-2"};
  fleet.logs["web-2"] = {4, 1, LastError{kFirstSecond, "Node", "no space", "c-1"}};
  fleet.seen("web-1").status = membership::NodeStatus::dead;
  const Picture picture = fleet.look();
  const NodeEntry& entry = picture.snapshot.nodes.at("web-2");
  CHECK(entry.version == "1.2.3");
  CHECK(entry.addresses == std::vector<std::string>{"10.0.0.1:8001"});
  CHECK(entry.linked_to == std::vector<std::string>{"coord"});
  CHECK(entry.services.at("disk").state == "running");
  CHECK(entry.services.at("disk").version.empty());
  CHECK_FALSE(entry.clock_offset_ms.has_value());
  REQUIRE(entry.last_error.has_value());
  CHECK(entry.last_error->message == "no space");
  CHECK(picture.snapshot.nodes.at("web-1").clock_offset_ms == -250);
  CHECK(picture.snapshot.nodes.at("web-1").health == Health::failing);
  CHECK(picture.snapshot.nodes.at("coord").clock_offset_ms == 0);
  CHECK(picture.snapshot.nodes.at("coord").last_seen == kFirstSecond);
  const FleetEntry& all = picture.snapshot.fleet;
  CHECK(all.nodes == std::map<std::string, std::size_t>{{"alive", 2}, {"dead", 1}, {"left", 0}, {"suspected", 0}});
  CHECK(all.name == "shop");
  CHECK(all.coordinator == "coord");
  CHECK_FALSE(all.calls_per_second.has_value());
}

TEST_CASE("the fleet's figures are sums of rates, means of shares, and quantiles of all calls together") {
  Fleet fleet{"web-1", "web-2", "web-3"};
  Picture picture;
  for (std::uint64_t second = 0; second <= 10; ++second) {
    NodeFigures one, two;
    one.cpu = 0.25;
    one.memory = metrics::Share{1, 4};
    one.calls = 9 * second;
    one.latency[4] = 9 * second;  // 90 quick calls in ten seconds
    two.cpu = 0.75;
    two.calls = second;
    two.errors = second;
    two.latency[20] = second;  // and ten slow ones
    fleet.tell("web-1", one);
    fleet.tell("web-2", two);
    fleet.log_records = 30 * second;
    fleet.logs["web-1"].errors = fleet.logs["web-3"].errors = second;
    picture = fleet.look();
  }
  const FleetEntry& all = picture.snapshot.fleet;
  CHECK(all.calls_per_second == 10);
  CHECK(all.errors_per_second == 1);
  CHECK(all.logs_per_second == 30);
  REQUIRE(all.log_errors_per_minute.has_value());
  CHECK(*all.log_errors_per_minute == doctest::Approx(2 * 60));
  REQUIRE((all.call_p50_ms.has_value() && all.call_p99_ms.has_value()));
  CHECK(*all.call_p50_ms < metrics::latency_bound_ms(4));
  CHECK(*all.call_p99_ms > metrics::latency_bound_ms(19));
  CHECK(value_of(picture.fleet, Series::cpu) == 0.5);
  CHECK(value_of(picture.fleet, Series::memory) == 0.25);
  CHECK(value_of(picture.fleet, Series::calls) == 10);
  CHECK(value_of(picture.fleet, Series::errors) == 1);
  CHECK(value_of(picture.fleet, Series::logs) == 30);
}

TEST_CASE("what the coordinator itself cannot do is told of the fleet") {
  Fleet fleet{"coord"};
  Sight sight{fleet.now, fleet.date, fleet.view, fleet.logs, 0, {}, {}, {}, {}};
  CHECK(fleet.watch.look(sight).snapshot.fleet.problems.empty());
  sight.log_trouble = "the disk is full";
  sight.history_trouble = "dashboard_history.bin: no space";
  const FleetEntry all = fleet.watch.look(sight).snapshot.fleet;
  CHECK_FALSE(all.logs_stored);
  CHECK(all.problems == std::vector<std::string>{"log records are not stored: the disk is full",
                                                 "the charts are not saved: dashboard_history.bin: no space"});
}

TEST_CASE("a node that is listed no more is forgotten, and comes back as a new one") {
  Fleet fleet{"web-1", "web-2"};
  for (std::uint64_t second = 0; second < 3; ++second) {
    fleet.tell("web-2", 10 * second);
    fleet.look();
  }
  const auto listed = fleet.view.nodes;
  fleet.view.nodes.pop_back();
  CHECK_FALSE(fleet.look().snapshot.nodes.contains("web-2"));
  fleet.view.nodes = listed;
  const NodeEntry entry = fleet.entry("web-2");
  CHECK_FALSE(entry.logs_per_second.has_value());
  CHECK_FALSE(entry.calls_per_second.has_value());
}

TEST_CASE("figures of more nodes than a coordinator has room for are not kept") {
  Fleet fleet{"web-1"};
  NodeFigures figures;
  figures.cpu = 0.5;
  for (std::size_t i = 0; i < metrics::kMaxHistories; ++i) fleet.tell("made-up-" + std::to_string(i), figures);
  fleet.tell("web-1", figures);
  CHECK_FALSE(fleet.entry("web-1").cpu.has_value());
  fleet.tell("web-1", figures);
  CHECK(fleet.entry("web-1").cpu == 0.5);
}

TEST_CASE("a node that is not listed any more, as its certificate was revoked, is shown with that cause for a while") {
  Fleet fleet{"web-1", "web-2"};
  fleet.certify("web-1", 0x0b);
  NodeFigures one;
  one.cpu = 0.5;
  fleet.tell("web-1", one);
  const NodeEntry before = fleet.entry("web-1");
  REQUIRE(before.certificate.has_value());
  CHECK(before.certificate->state == "valid");
  CHECK(before.certificate->serial == "0a0b");
  const auto listed = fleet.view.nodes;
  fleet.revoked = fleet.revoked.with({kIssuer, 1, {}, {}, {{Bytes{0x0a, 0x0b}, kFirstSecond}}});
  SUBCASE("as long as membership lists it, it has what it tells") {
    fleet.tell("web-1", one);
    const NodeEntry entry = fleet.entry("web-1");
    CHECK(entry.certificate->state == "revoked");
    CHECK(entry.certificate->revoked_at == kFirstSecond);
    CHECK(entry.health == Health::failing);
    CHECK(entry.cpu == 0.5);
    CHECK(fleet.entry("web-2").health == Health::ok);
  }
  SUBCASE("then it is dead, also where it had told nothing for some time; one that was forgotten by hand is gone") {
    for (int silent = 0; silent < 9; ++silent) fleet.look();
    fleet.view.nodes.clear();
    const Picture picture = fleet.look();
    REQUIRE(picture.snapshot.nodes.size() == 1);
    const NodeEntry& entry = picture.snapshot.nodes.at("web-1");
    CHECK(entry.status == "dead");
    CHECK(entry.version == "1.2.3");
    CHECK(entry.services.empty());
    CHECK(entry.linked_to.empty());
    CHECK_FALSE(entry.cpu.has_value());
    REQUIRE(entry.problems.size() == 1);
    CHECK(entry.problems[0].starts_with("its certificate was revoked on "));
    CHECK(picture.snapshot.fleet.nodes.at("dead") == 1);
    for (int second = 0; second < 599; ++second) REQUIRE(fleet.look().snapshot.nodes.contains("web-1"));
    CHECK(fleet.look().snapshot.nodes.empty());
  }
  SUBCASE("one that was taken out of the fleet is gone") {
    using pki::RevocationReason;
    for (const auto reason : {RevocationReason::cessation_of_operation, RevocationReason::superseded}) {
      fleet.revoked = pki::RevocationLists().with({kIssuer, 2, {}, {}, {{Bytes{0x0a, 0x0b}, kFirstSecond, reason}}});
      CHECK(fleet.entry("web-1").certificate->state == "revoked");
      fleet.view.nodes.clear();
      CHECK(fleet.look().snapshot.nodes.empty());
      fleet.view.nodes = listed;
      fleet.tell("web-1", one);
    }
  }
  SUBCASE("with a new certificate it is as others are") {
    fleet.view.nodes.clear();
    CHECK(fleet.entry("web-1").health == Health::failing);
    fleet.view.nodes = listed;
    fleet.certify("web-1", 0x0d);
    const NodeEntry entry = fleet.entry("web-1");
    CHECK(entry.status == "alive");
    CHECK(entry.health == Health::ok);
  }
}

TEST_CASE(
    "the serial of another CA's certificate is not the node's, and one that ends is judged while its node is silent") {
  Fleet fleet{"web-1"};
  fleet.certify("web-1", 0x0b);
  fleet.revoked = fleet.revoked.with({Bytes{2}, 1, {}, {}, {{Bytes{0x0a, 0x0b}, kFirstSecond}}});
  CHECK(fleet.entry("web-1").health == Health::ok);
  fleet.date = kFirstSecond + std::chrono::days(430);
  const NodeEntry ended = fleet.entry("web-1");
  REQUIRE(ended.certificate.has_value());
  CHECK(ended.certificate->state == "expired");
  CHECK(ended.health == Health::failing);
}
