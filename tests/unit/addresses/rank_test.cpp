#include <algorithm>

#include "network.hpp"

namespace p2p::addresses {
namespace {

const ExcludedAddress* excluded(const Ranking& ranking, const std::string& address) {
  const auto found = std::find_if(ranking.excluded.begin(), ranking.excluded.end(),
                                  [&](const ExcludedAddress& other) { return other.address == address; });
  return found == ranking.excluded.end() ? nullptr : &*found;
}

Network two_cards() {
  Network network;
  network.link("eth0");
  network.address("eth0", "192.168.1.100/24");
  network.link("eth1");
  network.address("eth1", "10.1.0.9/24");
  return network;
}

}  // namespace

TEST_CASE("an address from which somebody else answers as the coordinator is left out, and that is said") {
  Network network = two_cards();
  network.coordinator("192.168.1.50");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::tls, Peer::foreign);
  const Ranking ranking = network.rank();
  REQUIRE(ranking.candidates.size() == 1);
  CHECK(ranking.candidates[0].address == "10.1.0.9");
  const ExcludedAddress* left_out = excluded(ranking, "192.168.1.100");
  REQUIRE(left_out != nullptr);
  CHECK(to_text(left_out->why) == "foreign-peer");
  CHECK(left_out->reason.find("192.168.1.50:8001") != std::string::npos);
}

TEST_CASE("a foreign peer on one of the coordinator's addresses does not spoil the other") {
  Network network = two_cards();
  network.coordinator("192.168.1.50");
  network.coordinator("192.168.1.51");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::tls, Peer::foreign);
  network.probe("192.168.1.100", "192.168.1.51:8001", Reached::healthy, Peer::expected).round_trip =
      std::chrono::milliseconds(3);
  const Ranking ranking = network.rank();
  REQUIRE(ranking.best() != nullptr);
  CHECK(ranking.best()->address == "192.168.1.100");
  CHECK(ranking.best()->path == Path::works);
  CHECK(ranking.best()->reason.find("192.168.1.51") != std::string::npos);
}

TEST_CASE("a foreign peer is no reason to fall back on link-local addresses") {
  Network network;
  network.link("eth0");
  network.address("eth0", "192.168.1.100/24");
  network.address("eth0", "fe80::a/64");
  network.coordinator("192.168.1.50");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::connected, Peer::foreign);
  CHECK(network.rank().candidates.empty());
}

TEST_CASE("what works comes before what rules would prefer, and what fails comes last") {
  Network network = two_cards();
  network.coordinator("192.168.1.50");
  network.coordinator("10.1.0.1");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::nothing, Peer::unknown);
  network.probe("10.1.0.9", "10.1.0.1:8001", Reached::healthy, Peer::expected);
  const Ranking ranking = network.rank();
  REQUIRE(ranking.candidates.size() == 2);
  CHECK(ranking.candidates[0].address == "10.1.0.9");
  CHECK(ranking.candidates[1].path == Path::fails);
  CHECK(ranking.decision.find("10.1.0.9 comes before 192.168.1.100") == 0);
}

TEST_CASE("an address that cannot be dialled back comes after one that can") {
  Network network = two_cards();
  network.coordinator("192.168.1.50");
  network.coordinator("10.1.0.1");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::healthy, Peer::expected).dials_back = false;
  network.probe("10.1.0.9", "10.1.0.1:8001", Reached::healthy, Peer::expected).dials_back = true;
  const Ranking ranking = network.rank();
  CHECK(ranking.candidates[0].address == "10.1.0.9");
  CHECK(to_text(ranking.candidates[1].path) == "one-way");
}

TEST_CASE("a tunnel that leads to the coordinator counts for that only where nothing else does") {
  Network network = two_cards();
  network.link("tun0", "tun");
  network.address("tun0", "10.8.0.5/24");
  network.coordinator("10.8.0.1");
  network.kernel_sends("10.8.0.1", "tun0", "10.8.0.5");
  CHECK(network.rank().best()->address == "10.8.0.5");
  network.coordinator("192.168.1.50");
  network.kernel_sends("192.168.1.50", "eth0", "192.168.1.100");
  Ranking ranking = network.rank();
  REQUIRE(ranking.candidates.size() == 3);
  CHECK(ranking.candidates[0].address == "192.168.1.100");
  CHECK(ranking.candidates[2].address == "10.8.0.5");
  CHECK(ranking.candidates[2].rule == Rule::vpn);
  // What fails is no way.
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::nothing, Peer::unknown);
  ranking = network.rank();
  CHECK(ranking.candidates[0].address == "10.8.0.5");
  CHECK(ranking.candidates[0].rule == Rule::same_subnet);
}

TEST_CASE("each reason to leave an address out has its name") {
  Network network;
  network.link("eth0").is_up = false;
  network.address("eth0", "10.0.0.1/24");
  network.link("eth1").has_carrier = false;
  network.address("eth1", "10.0.1.1/24");
  network.link("eth2");
  network.address("eth2", "2001:db8::1/64").is_tentative = true;
  network.address("eth2", "2001:db8::2/64").is_duplicate = true;
  network.address("eth2", "2001:db8::3/64").is_deprecated = true;
  network.address("eth2", "2001:db8::4/64").is_temporary = true;
  network.address("eth2", "fe80::5/64");
  network.address("eth2", "10.0.2.1/24");
  const Ranking ranking = network.rank();
  const auto why = [&](const std::string& address) {
    const ExcludedAddress* found = excluded(ranking, address);
    return found == nullptr ? std::string() : std::string(to_text(found->why));
  };
  CHECK(why("10.0.0.1") == "link-down");
  CHECK(why("10.0.1.1") == "no-carrier");
  CHECK(why("2001:db8::1") == "tentative");
  CHECK(why("2001:db8::2") == "duplicate");
  CHECK(why("2001:db8::3") == "deprecated");
  CHECK(why("2001:db8::4") == "temporary");
  CHECK(why("fe80::5%eth2") == "link-local");
  CHECK(why("127.0.0.1") == "loopback");
  CHECK(why("10.0.2.1").empty());
}

TEST_CASE("what the operator did not name is left out for that reason") {
  Network network = two_cards();
  network.advertise("eth1");
  const Ranking ranking = network.rank();
  REQUIRE(ranking.candidates.size() == 1);
  const ExcludedAddress* left_out = excluded(ranking, "192.168.1.100");
  REQUIRE(left_out != nullptr);
  CHECK(to_text(left_out->why) == "not-advertised");
}

TEST_CASE("an address that the operator writes out is taken although it is temporary") {
  Network network;
  network.link("eth0");
  network.address("eth0", "2001:db8::4/64").is_temporary = true;
  network.advertise("2001:db8::4");
  REQUIRE(network.rank().best() != nullptr);
  network.at("eth0").has_carrier = false;
  CHECK(network.rank().candidates.empty());
}

TEST_CASE("the notes have every rule in its order, and one that decided") {
  Network network = two_cards();
  network.coordinator("10.1.0.1");
  const Ranking ranking = network.rank();
  REQUIRE(ranking.notes.size() == kRules.size());
  std::size_t decided = 0;
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    CHECK(ranking.notes[i].rule == kRules[i]);
    if (!ranking.notes[i].decided) continue;
    ++decided;
    CHECK(ranking.notes[i].rule == Rule::same_subnet);
    CHECK(ranking.notes[i].addresses == std::vector<std::string>{"10.1.0.9"});
  }
  CHECK(decided == 1);
}

TEST_CASE("the kernel is asked for each coordinator, from each own address of its family") {
  Network network = two_cards();
  network.coordinator("10.1.0.1");
  const auto questions = route_questions(network.inventory, network.facts.coordinators);
  REQUIRE(questions.size() == 3);
  CHECK_FALSE(questions[0].source.has_value());
  CHECK(questions[1].source == ip("192.168.1.100"));
  CHECK(questions[2].source == ip("10.1.0.9"));
}

TEST_CASE("probes start from candidates, also from one that a probe spoke against before") {
  Network network = two_cards();
  network.coordinator("192.168.1.50");
  network.probe("192.168.1.100", "192.168.1.50:8001", Reached::tls, Peer::foreign);
  const auto sources = sources_to_probe(network.inventory, network.facts);
  CHECK(sources == std::vector<IpAddress>{ip("192.168.1.100"), ip("10.1.0.9")});
}

TEST_CASE("advertise_address takes an address, an interface, a network or a host") {
  using Form = Advertised::Form;
  CHECK(parse_advertised("192.0.2.7").value().form == Form::address);
  CHECK(parse_advertised("192.0.2.7:9001").value().port == 9001);
  CHECK(parse_advertised("[2001:db8::7]:9001").value().text == "2001:db8::7");
  CHECK(parse_advertised("2001:db8::7").value().form == Form::address);
  CHECK(parse_advertised("10.1.2.3/8").value().text == "10.0.0.0/8");
  CHECK(parse_advertised("eth0.20").value().form == Form::name);
  CHECK(parse_advertised("shop.example:8443").value().port == 8443);
  CHECK(parse_advertised("shop.example:8443").value().text == "shop.example");
  for (const char* text : {"", "a b", "10.0.0.0/33", "eth0/1", "1.2.3", "http://x", "[::1", "x:0", "x:70000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_advertised(text).has_value());
  }
}

}  // namespace p2p::addresses
