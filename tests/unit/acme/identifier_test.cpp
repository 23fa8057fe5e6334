#include "acme/identifier.hpp"

#include <doctest/doctest.h>

#include "acme/policy.hpp"

using namespace p2p;
using namespace p2p::acme;
using pki::SubjectName;

namespace {

SubjectName dns(std::string text) { return {SubjectName::Kind::dns, std::move(text)}; }
SubjectName ip(std::string text) { return {SubjectName::Kind::ip, std::move(text)}; }

ProblemType refusal(const char* type, const char* value) {
  const auto read = read_identifier({{"type", type}, {"value", value}});
  REQUIRE_FALSE(read.has_value());
  return read.error().type;
}

constexpr auto kNobody = [](const SubjectName&) { return false; };

}  // namespace

TEST_CASE("identifiers come back byte for byte") {
  for (const auto& json :
       {Json{{"type", "dns"}, {"value", "Worker-1.Example"}}, Json{{"type", "ip"}, {"value", "10.0.0.1"}},
        Json{{"type", "ip"}, {"value", "2001:db8::1"}}}) {
    CHECK(to_json(read_identifier(json).value()) == json);
  }
}

TEST_CASE("an address has one form (RFC 5952)") {
  CHECK(refusal("ip", "2001:DB8::1") == ProblemType::malformed);
  CHECK(refusal("ip", "2001:db8:0:0:0:0:0:1") == ProblemType::malformed);
  CHECK(refusal("ip", "2001:db8::01") == ProblemType::malformed);
  CHECK(refusal("ip", "10.0.0.01") == ProblemType::malformed);
  CHECK(refusal("ip", "[2001:db8::1]") == ProblemType::malformed);
}

TEST_CASE("what is no name is refused") {
  CHECK(refusal("dns", "") == ProblemType::malformed);
  CHECK(refusal("dns", "10.0.0.1") == ProblemType::malformed);
  CHECK(refusal("dns", "a b") == ProblemType::malformed);
  CHECK(refusal("dns", "example.com.") == ProblemType::malformed);
  CHECK(refusal("ip", "example.com") == ProblemType::malformed);
  CHECK(refusal("email", "a@b") == ProblemType::unsupported_identifier);
  CHECK(read_identifier(Json{{"type", "dns"}}).error().type == ProblemType::malformed);
  CHECK(read_identifier(Json("x")).error().type == ProblemType::malformed);
}

TEST_CASE("names of this host are known in all their forms") {
  for (const auto& name : {dns("localhost"), dns("LOCALHOST"), dns("a.localhost"), ip("127.0.0.1"), ip("127.9.9.9"),
                           ip("0.0.0.0"), ip("::1"), ip("::"), ip("::ffff:127.0.0.1")}) {
    CHECK_MESSAGE(is_loopback(name), name.text);
  }
  for (const auto& name : {dns("localhost.example"), ip("10.0.0.1"), ip("2001:db8::1"), ip("::2"), ip("128.0.0.1")}) {
    CHECK_MESSAGE(!is_loopback(name), name.text);
  }
}

TEST_CASE("sets of names are compared without order and without capitals") {
  CHECK(same_names({dns("a"), ip("10.0.0.1")}, {ip("10.0.0.1"), dns("A")}));
  CHECK_FALSE(same_names({dns("a")}, {dns("a"), dns("b")}));
  CHECK_FALSE(same_names({dns("a"), dns("b")}, {dns("a")}));
  CHECK_FALSE(same_names({dns("a")}, {}));
}

TEST_CASE("the invitation's names are granted, others validated or refused") {
  const Grant grant{"kid", "worker-1", pki::Role::worker, {dns("w.example"), dns("*.w.example")}, {}};
  CHECK(is_granted(grant, dns("worker-1")));
  CHECK(is_granted(grant, dns("W.example")));
  CHECK(is_granted(grant, dns("*.w.example")));
  CHECK_FALSE(is_granted(grant, dns("x.w.example")));
  CHECK_FALSE(is_granted(grant, ip("10.0.0.1")));
  CHECK_FALSE(is_granted(Grant{}, dns("worker-1")));

  const auto check = [&](std::vector<SubjectName> names) { return check_names(grant, names, kNobody); };
  CHECK(check({dns("worker-1"), dns("other.example"), ip("10.0.0.1")}).has_value());
  CHECK(check({dns("*.w.example")}).has_value());
  CHECK(check({dns("*.other.example")}).error().type == ProblemType::rejected_identifier);
  CHECK(check({ip("127.0.0.2")}).error().type == ProblemType::rejected_identifier);
  CHECK(check({dns("a.localhost")}).error().type == ProblemType::rejected_identifier);
  const std::vector<SubjectName> worker2{dns("worker-2")};
  CHECK(check_names(grant, worker2, [](const SubjectName& name) { return name.text == "worker-2"; }).error().type ==
        ProblemType::rejected_identifier);
}

TEST_CASE("a node has the loopback names of its certificate, other programs have none") {
  const std::vector<SubjectName> loopback{dns("localhost"), ip("127.0.0.1"), ip("::1")};
  Grant grant{"kid", "web", std::nullopt, {}, {}};
  CHECK(check_names(grant, loopback, kNobody).error().type == ProblemType::rejected_identifier);
  grant.role = pki::Role::operator_;
  CHECK(check_names(grant, loopback, kNobody).error().type == ProblemType::rejected_identifier);
  grant.role = pki::Role::worker;
  CHECK(check_names(grant, loopback, kNobody).has_value());
}

TEST_CASE("several refused names are told apart") {
  const std::vector<SubjectName> names{dns("fine.example"), dns("localhost"), ip("::1")};
  const auto refused = check_names({}, names, kNobody).error();
  REQUIRE(refused.subproblems.size() == 2);
  const Json json = to_json(refused);
  CHECK(json["type"] == "urn:ietf:params:acme:error:rejectedIdentifier");
  CHECK(json["subproblems"][0]["identifier"] == Json{{"type", "dns"}, {"value", "localhost"}});
  CHECK(json["subproblems"][1]["identifier"] == Json{{"type", "ip"}, {"value", "::1"}});
}
