#include "dashboard/problems.hpp"

#include <doctest/doctest.h>

#include "dashboard/judgement.hpp"

using namespace p2p;
using namespace p2p::dashboard;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kSeen{std::chrono::seconds(1'800'000'000)};

NodeEntry last_seen_node(std::string status) {
  NodeEntry node;
  node.role = "worker";
  node.status = std::move(status);
  node.last_seen = kSeen - 1500ms;
  return node;
}

}  // namespace

TEST_CASE("of the nodes that are not well all is told that the dashboard says, but for lines of the log") {
  Snapshot now{kSeen, {}, {}};
  now.fleet.problems = {"the charts are not saved: disk full"};
  now.nodes["well"] = last_seen_node("alive");
  NodeEntry& node = now.nodes["worker-1"] = last_seen_node("alive");
  node.version = "0.1.0";
  node.failing = {{"math.divide", 0.25, "division by zero"}};
  node.last_error = LastError{kSeen, "Service.math", "the key is 4711", "s-1"};
  for (auto& [name, entry] : now.nodes) judge(entry);

  const auto told = parse_json(problems_json(now));
  REQUIRE(told.has_value());
  CHECK(*told ==
        Json{{"fleet", {"the charts are not saved: disk full"}},
             {"nodes",
              {{{"node_id", "worker-1"},
                {"role", "worker"},
                {"status", "alive"},
                {"version", "0.1.0"},
                {"addresses", Json::array()},
                {"last_seen", "2027-01-15T07:59:58.500Z"},
                {"last_seen_ms", 1500},
                {"health", "warning"},
                {"problems", {"math.divide: a quarter of its calls fail, or more; last: division by zero"}},
                {"failing", {{{"method", "math.divide"}, {"share", 0.25}, {"error", "division by zero"}}}}}}}});
}

TEST_CASE("a node whose certificate was revoked says so, and one that was never seen has no date") {
  Snapshot now{kSeen, {}, {}};
  NodeEntry& node = now.nodes["worker-2"] = last_seen_node("dead");
  node.last_seen = {};
  node.certificate = CertificateState{"0a", kSeen - 24h, kSeen + 720h, "revoked", kSeen - 60s};
  judge(node);
  const auto told = parse_json(problems_json(now));
  REQUIRE(told.has_value());
  const Json& entry = told->at("nodes").at(0);
  CHECK(entry.at("certificate").at("state") == "revoked");
  CHECK(entry.at("certificate").at("revoked_at") == "2027-01-15T07:59:00.000Z");
  CHECK(entry.at("last_seen_ms").is_null());
  CHECK_FALSE(entry.contains("last_seen"));
}
