#include "membership/cluster_view.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

TEST_CASE("cluster.nodes tells what a person asks about a node") {
  Machine hub(coordinator("hub"));
  hub.push(carried(signed_by(worker("worker-1"), record_of("worker-1", 3))), seconds{0}, "worker-1");
  hub.self.link_up("worker-1", after(seconds{2}));
  const Json nodes = to_json(*hub.self.view(), after(milliseconds{5500}).wall);
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0]["node_id"] == "hub");
  CHECK(nodes[0]["role"] == "coordinator");
  CHECK(nodes[0]["last_seen_ms"] == 0);
  const Json expected = {
      {"node_id", "worker-1"},
      {"role", "worker"},
      {"status", "alive"},
      {"version", "0.1.0"},
      {"addresses", {"worker-1.example:8001"}},
      {"services", {{{"name", "disk"}, {"version", "1.0"}}, {{"name", "journal"}, {"version", "2.1"}}}},
      {"incarnation", 3},
      {"started_at", "2027-01-15T07:43:20.000Z"},
      {"last_seen", "2027-01-15T08:00:02.000Z"},
      {"last_seen_ms", 3500},
      {"link", true},
      {"dialable", nullptr}};
  CHECK(nodes[1] == expected);
}

TEST_CASE("a view is found by name, does not change, and is replaced when something does") {
  Machine machine(worker("a"));
  const ClusterViewPtr before = machine.self.view();
  CHECK(machine.self.view() == before);
  machine.push(carried(signed_by(worker("b"), record_of("b", 1))), seconds{1});
  const ClusterViewPtr afterwards = machine.self.view();
  CHECK(before->find("b") == nullptr);
  REQUIRE(afterwards->find("b") != nullptr);
  CHECK(afterwards->find("b")->node_id() == "b");
  CHECK(afterwards->find("c") == nullptr);
  CHECK(afterwards->self_id == "a");
}

TEST_CASE("a view has the certificate with which each node signed its record, the own one too") {
  Machine hub(coordinator("hub"));
  SignedRecord renewed;
  renewed.record = encode_record(record_of("worker-1", 1));
  renewed.certificate = sim::fake_certificate(worker("worker-1"), 7);
  renewed.signature = sim::fake_signature(renewed.certificate, signed_text(kCluster, renewed.record));
  hub.push(carried(renewed), seconds{0});
  const ClusterViewPtr view = hub.self.view();
  REQUIRE(view->nodes.size() == 2);
  CHECK(view->nodes[0].certificate->id.serial == Bytes{1});
  CHECK(view->nodes[1].certificate->id.serial == Bytes{7});
}
