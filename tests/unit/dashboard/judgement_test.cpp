#include "dashboard/judgement.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace p2p;
using namespace p2p::dashboard;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

NodeEntry healthy() {
  NodeEntry node;
  node.role = "worker";
  node.status = "alive";
  node.last_seen = kNow;
  node.disk_used = 50;
  node.disk_total = 100;
  node.clock_offset_ms = 3;
  node.certificate = CertificateState{"0a", kNow - 24h, kNow + 720h, "valid"};
  node.services["disk"] = {"1.0", "running", 0, 0.5};
  return node;
}

Health health_of(NodeEntry node) {
  judge(node);
  CHECK((node.health == Health::ok) == node.problems.empty());
  return node.health;
}

}  // namespace

TEST_CASE("a node without problems is well, also one of which little is known") {
  CHECK(health_of(healthy()) == Health::ok);
  NodeEntry old;
  old.status = "alive";
  CHECK(health_of(old) == Health::ok);
  old.status = "left";
  CHECK(health_of(old) == Health::ok);
}

TEST_CASE("what makes a node failing") {
  NodeEntry dead = healthy();
  dead.status = "dead";
  CHECK(health_of(dead) == Health::failing);
  for (const char* state : {"failed", "degraded"}) {
    NodeEntry node = healthy();
    node.services["disk"].state = state;
    CHECK(health_of(node) == Health::failing);
  }
  for (const char* state : {"expired", "revoked"}) {
    NodeEntry node = healthy();
    node.certificate->state = state;
    CHECK(health_of(node) == Health::failing);
  }
}

TEST_CASE("a service that fails is named with what it said last") {
  NodeEntry node = healthy();
  node.services["queue"] = {"", "degraded", 6, {}, "exited with status 1: cannot read the queue"};
  node.services["disk"].state = "failed";
  judge(node);
  CHECK(node.problems == std::vector<std::string>{"disk: failed",
                                                  "queue: degraded, its program was restarted 6 times; exited "
                                                  "with status 1: cannot read the queue"});
}

TEST_CASE("a service whose program keeps dying is told of, also while it runs between") {
  for (const char* state : {"starting", "running"}) {
    NodeEntry node = healthy();
    node.services["queue"] = {"", state, 9, {}, "exited with status 3: no space"};
    judge(node);
    CHECK(node.health == Health::warning);
    CHECK(node.problems ==
          std::vector<std::string>{"queue: its program was restarted 9 times; exited with status 3: no space"});
  }
}

TEST_CASE("which part of a method's calls fail is told in steps") {
  const auto said = [](double share) {
    NodeEntry node = healthy();
    node.failing = {{"math.divide", share, ""}};
    judge(node);
    REQUIRE(node.problems.size() == 1);
    return node.problems[0];
  };
  CHECK(said(0.1) == "math.divide: a tenth of its calls fail, or more");
  CHECK(said(0.3) == "math.divide: a quarter of its calls fail, or more");
  CHECK(said(0.6) == "math.divide: half of its calls fail, or more");
  CHECK(said(1) == "math.divide: all of its calls fail");
}

TEST_CASE("methods that fail are named with their last error; few failures of many methods are no problem") {
  NodeEntry node = healthy();
  node.errors_per_second = node.calls_per_second = 2;
  CHECK(health_of(node) == Health::ok);
  node.failing = {{"disk.run", 0.25, ""}, {"math.divide", 0.66, "division by zero"}};
  judge(node);
  CHECK(node.health == Health::warning);
  CHECK(node.problems ==
        std::vector<std::string>{"disk.run: a quarter of its calls fail, or more",
                                 "math.divide: half of its calls fail, or more; last: division by zero"});
}

TEST_CASE("what makes a warning") {
  NodeEntry node = healthy();
  node.status = "suspected";
  CHECK(health_of(node) == Health::warning);
  node = healthy();
  node.certificate->state = "expiring";
  CHECK(health_of(node) == Health::warning);
  node = healthy();
  node.clock_offset_ms = -2'000;
  CHECK(health_of(node) == Health::warning);
  node.clock_offset_ms = 1'999;
  CHECK(health_of(node) == Health::ok);
  node.disk_used = 90;
  CHECK(health_of(node) == Health::warning);
  node = healthy();
  node.log_errors_per_minute = 1;
  CHECK(health_of(node) == Health::warning);
  node = healthy();
  node.failing = {{"math.divide", 0.1, ""}};
  CHECK(health_of(node) == Health::warning);
  node = healthy();
  node.disbelief = "more memory than a machine has";
  CHECK(health_of(node) == Health::warning);
}

TEST_CASE("a node that is dead or suspected says why, and when it was heard last, the same each second") {
  NodeEntry node = healthy();
  node.certificate.reset();
  node.status = "dead";
  const auto said = [&] {
    judge(node);
    REQUIRE(node.problems.size() == 1);
    return node.problems[0];
  };
  // date -u -d @1800000000
  CHECK(said() == "dead: nothing is heard of it; last heard of on 15 Jan 2027, 08:00:00 UTC");
  node.is_refused = true;
  CHECK(said() == "dead: its link broke and nobody answers; last heard of on 15 Jan 2027, 08:00:00 UTC");
  node.last_seen = {};
  CHECK(said() == "dead: its link broke and nobody answers");
  node.status = "suspected";
  CHECK(said() == "suspected: its link broke and nobody answers");
  node.is_refused = false;
  CHECK(said() == "suspected: nothing is heard of it");
}

TEST_CASE("a certificate that was revoked is the cause of what its node lacks") {
  NodeEntry node = healthy();
  node.certificate->state = "revoked";
  node.certificate->revoked_at = kNow - 90min;
  for (const char* status : {"alive", "dead"}) {
    node.status = status;
    judge(node);
    CHECK(node.health == Health::failing);
    CHECK(node.problems ==
          std::vector<std::string>{"its certificate was revoked on 15 Jan 2027, 06:30:00 UTC; the fleet "
                                   "refuses it until it has a new one"});
  }
}

TEST_CASE("a certificate that ends says when, also that of a dead node, of which nobody expects a renewal") {
  NodeEntry node = healthy();
  node.certificate->not_after = kNow + 24h;
  node.certificate->state = "expiring";
  judge(node);
  CHECK(node.problems ==
        std::vector<std::string>{"its certificate was not renewed and expires on 16 Jan 2027, 08:00:00 UTC"});
  node.status = "dead";
  judge(node);
  CHECK(node.problems.size() == 1);
  node.certificate->state = "expired";
  judge(node);
  REQUIRE(node.problems.size() == 2);
  CHECK(node.problems[1] == "its certificate expired on 16 Jan 2027, 08:00:00 UTC");
}

TEST_CASE("a stopped service is somebody's wish, and a dead node's services are no news") {
  NodeEntry node = healthy();
  node.services["disk"].state = "stopped";
  CHECK(health_of(node) == Health::ok);
  node.services["disk"].state = "failed";
  node.status = "dead";
  judge(node);
  CHECK(node.problems.size() == 1);
}

TEST_CASE("problems name what is wrong, and the worst comes first") {
  NodeEntry node = healthy();
  node.disk_used = 95;
  node.status = "suspected";
  node.services["disk"] = {"1.0", "degraded", 6, {}};
  const std::vector<std::string> said = {"disk: degraded, its program was restarted 6 times",
                                         "suspected: nothing is heard of it", "its disk is 95% full"};
  judge(node);
  CHECK(node.problems == said);
  judge(node);
  CHECK(node.problems == said);
}

TEST_CASE("a certificate is judged by the share of its life that is left") {
  const auto state = [](auto lived, auto left) { return certificate_state(kNow - lived, kNow + left, kNow); };
  CHECK(state(0h, 24h) == "valid");  // one of a day is not flagged at once
  CHECK(state(15h, 9h) == "valid");
  CHECK(state(17h, 7h) == "expiring");
  CHECK(state(24h, 0h) == "expired");
  CHECK(state(200 * 24h, 165 * 24h) == "valid");
  CHECK(state(260 * 24h, 105 * 24h) == "expiring");
}
