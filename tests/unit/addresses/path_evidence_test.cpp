#include "addresses/path_evidence.hpp"

#include "network.hpp"

namespace p2p::addresses {
namespace {

using namespace std::chrono_literals;

Coordinator there() { return {ip("192.0.2.1"), 8001}; }

/// From 10.0.0.9 to there(), and the node that was asked for is well.
PathProbe answered() {
  PathProbe out;
  out.source = "10.0.0.9";
  out.target = "192.0.2.1:8001";
  out.reached = Reached::healthy;
  out.peer = Peer::expected;
  out.round_trip = 1ms;
  out.asked_back = true;
  out.dials_back = true;
  out.seen_as = "10.0.0.9";
  out.is_good = true;
  return out;
}

PathEvidence evidence(const std::vector<PathProbe>& probes, const IpAddress& source, const Coordinator& target) {
  return EvidenceIndex(probes, {target}).from(source).to(0);
}

PathEvidence of(const PathProbe& probe) { return evidence({probe}, ip("10.0.0.9"), there()); }

}  // namespace

TEST_CASE("a way works when the coordinator answers and can dial back") {
  CHECK(of(answered()).path == Path::works);
  PathProbe probe = answered();
  probe.dials_back = false;
  CHECK(of(probe).path == Path::one_way);
  CHECK(evidence({probe}, ip("10.0.0.8"), there()).path == Path::untried);
}

TEST_CASE("a dial back that was asked for and not done proves nothing, and disproves nothing") {
  PathProbe limited = answered();
  limited.dials_back.reset();
  limited.failure = "it did not dial back: it was dialled back too often just now";
  CHECK(of(limited).path == Path::answers);
  CHECK(level_of(Path::answers) == level_of(Path::works));
  // Where nobody asked for it, that it answers is all.
  limited.asked_back = false;
  CHECK(of(limited).path == Path::works);
}

TEST_CASE("a search does not end with an address that cannot be dialled, or is seen as another") {
  CHECK(is_good_both_ways(answered()));
  PathProbe probe = answered();
  probe.dials_back.reset();
  CHECK(is_good_both_ways(probe));
  probe.dials_back = false;
  CHECK_FALSE(is_good_both_ways(probe));
  probe.dials_back = true;
  probe.seen_as = "192.0.2.99";
  CHECK_FALSE(is_good_both_ways(probe));
  probe = answered();
  probe.is_good = false;
  CHECK_FALSE(is_good_both_ways(probe));
}

TEST_CASE("what is good for check is what is good for the choice: a node that is starting or stopping is not well") {
  PathProbe probe = answered();
  probe.reached = Reached::tls;
  probe.failure = "the node is starting or stopping (/health: 503)";
  probe.is_good = can_be_used(probe, true);
  CHECK_FALSE(probe.is_good);
  CHECK(of(probe).path == Path::fails);
  probe.peer = Peer::unknown;
  probe.is_good = can_be_used(probe, false);
  CHECK(probe.is_good);
}

TEST_CASE(
    "a coordinator that sees another address, as behind masquerading, was not reached from one of use to others") {
  PathProbe probe = answered();
  probe.seen_as = "203.0.113.7";
  // The router passes that port on to this very node.
  probe.dials_back = true;
  CHECK(of(probe).path == Path::one_way);
  CHECK(of(probe).seen_as == ip("203.0.113.7"));
  // Over a dual-stack socket it is the same.
  probe.seen_as = "::ffff:10.0.0.9";
  CHECK(of(probe).path == Path::works);
  CHECK_FALSE(of(probe).seen_as.has_value());
}

TEST_CASE("of many sources and coordinators, each pair has what its own last probe says") {
  std::vector<Coordinator> coordinators{
      {ip("192.0.2.1"), 8001}, {ip("2001:db8::1"), 8001}, {ip("192.0.2.1"), 8002}, {ip("192.0.2.1"), 8001}};
  std::vector<PathProbe> probes;
  for (int source = 0; source < 200; ++source) {
    for (const Coordinator& coordinator : coordinators) {
      // Told twice: it failed at first.
      PathProbe probe = answered();
      probe.source = probe.seen_as.emplace("10.0.1." + std::to_string(source));
      probe.target = coordinator.target();
      probe.is_good = false;
      probes.push_back(probe);
      probe.is_good = true;
      probe.round_trip = std::chrono::microseconds(1'000 * source + coordinator.port);
      probes.push_back(probe);
    }
  }
  const EvidenceIndex index(probes, coordinators);
  for (int source = 0; source < 200; ++source) {
    const EvidenceFrom& from = index.from(ip("10.0.1." + std::to_string(source)));
    for (std::size_t i = 0; i < coordinators.size(); ++i) {
      CHECK(from.to(i).path == Path::works);
      CHECK(from.to(i).round_trip == std::chrono::microseconds(1'000 * source + coordinators[i].port));
    }
    CHECK(from.to(coordinators.size()).path == Path::untried);
  }
  CHECK(index.from(ip("10.0.1.200")).to(0).path == Path::untried);
}

TEST_CASE("of a link-local address the zone counts, but not for who saw it elsewhere") {
  PathProbe probe = answered();
  probe.source = "fe80::9%eth0";
  probe.seen_as = "fe80::9";
  probe.target = "[fe80::1%eth0]:8001";
  const Coordinator on_link{ip("fe80::1%eth0"), 8001};
  CHECK(evidence({probe}, ip("fe80::9%eth0"), on_link).path == Path::works);
  CHECK(evidence({probe}, ip("fe80::9%eth1"), on_link).path == Path::untried);
}

TEST_CASE("a round that tried some ways leaves the others as they were known") {
  PathProbe dead = answered();
  dead.target = "192.0.2.2:8001";
  dead.is_good = false;
  PathProbe slower = answered();
  slower.round_trip = 5ms;
  const auto merged = merge_probes({answered(), dead}, {slower});
  REQUIRE(merged.size() == 2);
  CHECK(evidence(merged, ip("10.0.0.9"), there()).round_trip == 5ms);
  CHECK(failed_paths(merged) == std::vector<PathEnds>{{"10.0.0.9", "192.0.2.2:8001"}});
}

TEST_CASE("what was known of the way back holds as long as it could not be found out anew") {
  PathProbe unknown = answered();
  unknown.dials_back.reset();
  for (const bool known : {false, true}) {
    PathProbe before = answered();
    before.dials_back = known;
    CHECK(merge_probes({before}, {unknown}).front().dials_back == known);
    // Not where it failed, or another address was seen.
    PathProbe failed = unknown;
    failed.is_good = false;
    CHECK_FALSE(merge_probes({before}, {failed}).front().dials_back.has_value());
    PathProbe elsewhere = unknown;
    elsewhere.seen_as = "203.0.113.7";
    CHECK_FALSE(merge_probes({before}, {elsewhere}).front().dials_back.has_value());
  }
}

}  // namespace p2p::addresses
