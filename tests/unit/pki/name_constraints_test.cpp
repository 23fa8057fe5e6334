#include "pki/name_constraints.hpp"

#include "fleet.hpp"

using namespace p2p;

namespace {

pki::SubjectName name(std::string_view text) { return *pki::parse_subject_name(text); }

pki::Authority constrained(std::vector<std::string> subtrees, std::vector<std::string> ranges) {
  pki::NameConstraints permitted;
  for (const auto& subtree : subtrees) permitted.dns_subtrees.push_back(*pki::parse_subtree(subtree));
  for (const auto& range : ranges) permitted.address_ranges.push_back(*pki::parse_address_range(range));
  auto made = pki::Authority::make({.permitted = permitted}, test::now());
  REQUIRE_MESSAGE(made.has_value(), made.error().context);
  return std::move(*made);
}

test::Outcome judge(const test::TemporaryFolder& folder, const pki::Authority& authority,
                    const pki::Certificate& certificate) {
  return test::openssl("verify -x509_strict -CAfile " + folder.put("ca.pem", authority.certificate().pem()) + " " +
                       folder.put("leaf.pem", certificate.pem()));
}

}  // namespace

TEST_CASE("a range of addresses is a prefix, whatever its length") {
  const auto contains = [](std::string_view range, std::string_view address) {
    const auto parsed = pki::parse_address_range(range);
    REQUIRE_MESSAGE(parsed.has_value(), parsed.error().context);
    return parsed->contains(*pki::ip_to_bytes(address));
  };
  CHECK(contains("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("192.168.64.0/18", "192.168.127.255"));
  CHECK_FALSE(contains("192.168.64.0/18", "192.168.128.0"));
  CHECK(contains("0.0.0.0/0", "255.1.2.3"));
  CHECK(contains("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(contains("192.0.2.7", "192.0.2.6"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
  for (const char* text :
       {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "a/8", "::/129"}) {
    CAPTURE(text);
    CHECK(pki::parse_address_range(text).error().kind() == Errc::invalid);
  }
}

TEST_CASE("a subtree is a whole DNS name, in any case, with all below it") {
  const pki::NameConstraints permitted{.dns_subtrees = {*pki::parse_subtree(".Lab.example")}};
  CHECK(permitted.permits(name("lab.example")));
  CHECK(permitted.permits(name("A.LAB.example")));
  CHECK(permitted.permits(name("*.lab.example")));
  CHECK_FALSE(permitted.permits(name("prelab.example")));
  CHECK_FALSE(permitted.permits(name("example")));
  CHECK(permitted.permits(name("192.0.2.1")));
  for (const char* text : {"", ".", "*.example", "192.0.2.1", "a b"}) {
    CAPTURE(text);
    CHECK_FALSE(pki::parse_subtree(text).has_value());
  }
}

TEST_CASE("openssl accepts what a constrained CA signs, and its certificate says critically what that is") {
  const test::TemporaryFolder folder;
  const auto authority = constrained({"shop.example"}, {"10.0.0.0/8", "2001:db8::/32"});
  const std::string text =
      test::openssl("x509 -noout -text -in " + folder.put("ca.pem", authority.certificate().pem())).output;
  CAPTURE(text);
  CHECK(text.find("X509v3 Name Constraints: critical") != std::string::npos);
  CHECK(text.find("DNS:shop.example") != std::string::npos);
  CHECK(text.find("IP:10.0.0.0/255.0.0.0") != std::string::npos);
  const auto node = test::issue(
      authority, {.name = "worker-1", .extra_names = {name("a.shop.example"), name("10.1.2.3"), name("2001:db8::1")}});
  CHECK(node.certificate.facts().dns_names ==
        std::vector<std::string>{"worker-1.shop.example", "localhost", "a.shop.example"});
  const auto inside = test::issue(authority, {.name = "main.shop.example"});
  CHECK(inside.certificate.facts().dns_names == std::vector<std::string>{"main.shop.example", "localhost"});
  const auto person = test::issue(authority, {.role = pki::Role::operator_, .name = "alice"});
  const auto web = test::issue(authority, {.role = std::nullopt, .name = "www", .extra_names = {name("10.0.0.9")}});
  const auto address = test::issue(authority, {.role = std::nullopt, .name = "10.0.0.9"});
  const auto by_address = test::issue(authority, {.name = "10.0.0.8"});
  for (const auto* certificate : {&node.certificate, &inside.certificate, &person.certificate, &web.certificate,
                                  &address.certificate, &by_address.certificate}) {
    const auto judged = judge(folder, authority, *certificate);
    CHECK_MESSAGE(judged.exit_code == 0, judged.output);
  }
}

TEST_CASE("what lies outside is refused, and openssl would refuse it too") {
  const test::TemporaryFolder folder;
  const auto authority = constrained({"shop.example"}, {"10.0.0.0/8"});
  const auto refuses = [&](const pki::LeafRequest& request) {
    const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256);
    const auto refused = authority.issue(request, **key, test::now());
    if (refused) return false;
    CHECK(refused.error().context.find("outside what this CA may sign: DNS names under shop.example, localhost") !=
          std::string::npos);
    return true;
  };
  CHECK(refuses({.name = "a", .extra_names = {name("a.example")}}));
  CHECK(refuses({.name = "a", .extra_names = {name("11.0.0.1")}}));
  CHECK(refuses({.name = "a", .extra_names = {name("2001:db8::1")}}));
  CHECK(refuses({.name = "192.0.2.1"}));
  CHECK(refuses({.role = std::nullopt, .name = "a", .extra_names = {name("www.example")}}));
  CHECK(refuses({.role = pki::Role::operator_, .name = "alice.smith"}));
}

TEST_CASE("a successor of make() reads its constraints back from the certificate") {
  const auto authority = constrained({"a.example", "b.example"}, {"10.128.0.0/9"});
  const auto& facts = authority.certificate().facts();
  CHECK(facts.permitted.text() ==
        "DNS names under a.example, b.example, localhost; addresses in 10.128.0.0/9, 127.0.0.0/8, ::1/128");
  CHECK_FALSE(facts.has_other_constraints);
  CHECK(test::make_authority().certificate().facts().permitted.empty());
}
