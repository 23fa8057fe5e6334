#include "pki/roots.hpp"

#include <doctest/doctest.h>

#include "fleet.hpp"

using namespace p2p;
using pki::Purpose;
using std::chrono::days;

TEST_CASE("nodes are servers and clients, operators are clients only") {
  const auto authority = test::make_authority();
  const auto roots = pki::Roots::from_pem(authority.certificate().pem(), "ca");
  REQUIRE(roots.has_value());
  const auto node = test::issue(authority, {.name = "a"});
  const auto person = test::issue(authority, {.role = pki::Role::operator_, .name = "alice"});
  CHECK(roots->verify(node.certificate, Purpose::server, test::now()).has_value());
  CHECK(roots->verify(node.certificate, Purpose::client, test::now()).has_value());
  CHECK(roots->verify(person.certificate, Purpose::client, test::now()).has_value());
  const auto refused = roots->verify(person.certificate, Purpose::server, test::now());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().context == "not a certificate for servers");
}

TEST_CASE("dates and signatures are judged at the time asked for") {
  const auto authority = test::make_authority();
  const auto other = test::make_authority();
  const auto roots = pki::Roots::from_pem(authority.certificate().pem(), "ca");
  const auto node = test::issue(authority, {.name = "a", .lifetime = days{10}});
  const auto why = [&](const pki::Certificate& certificate, WallTime at) {
    const auto verified = roots->verify(certificate, Purpose::server, at);
    return verified ? std::string() : verified.error().context;
  };
  CHECK(why(node.certificate, test::now() + days{9}).empty());
  CHECK(why(node.certificate, test::now() + days{11}).starts_with("expired on 20"));
  CHECK(why(node.certificate, test::now() - days{1}) == "the CA's certificate is not valid yet");
  const auto later = test::issue(authority, {.name = "b"}, test::now() + days{5});
  CHECK(why(later.certificate, test::now()).starts_with("not valid before 20"));
  const auto foreign = test::issue(other, {.name = "a"});
  CHECK(why(foreign.certificate, test::now()) == "not signed by this CA");
  CHECK(why(other.certificate(), test::now()) == "not signed by this CA");
}

TEST_CASE("several roots are trusted while one replaces another") {
  const auto before = test::make_authority();
  const auto after = test::make_authority();
  const auto roots = pki::Roots::from_pem(before.certificate().pem() + after.certificate().pem(), "ca");
  REQUIRE(roots.has_value());
  CHECK(roots->certificates().size() == 2);
  CHECK(roots->verify(test::issue(before, {.name = "a"}).certificate, Purpose::server, test::now()).has_value());
  CHECK(roots->verify(test::issue(after, {.name = "b"}).certificate, Purpose::client, test::now()).has_value());
}

TEST_CASE("a node cannot sign for others: its certificate is no CA and no root") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  const auto node = test::issue(authority, {.name = "a"});
  CHECK(pki::Roots::from_pem(node.certificate.pem(), "ca").error().kind() == Errc::invalid);
  CHECK(pki::Roots::from_pem("", "ca").error().kind() == Errc::damaged);
  const std::string forged = (folder.path() / "forged.pem").string();
  const auto made =
      test::openssl("req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=b -CA " +
                    folder.put("a.pem", node.certificate.pem()) + " -CAkey " + folder.put("a.key", node.key_pem()) +
                    " -out " + forged + " -addext subjectAltName=URI:spiffe://p2p/coordinator/b");
  REQUIRE_MESSAGE(made.exit_code == 0, made.output);
  const auto certificate = pki::Certificate::from_pem(*read_file(forged, 10'000), "forged");
  const auto roots = pki::Roots::from_pem(authority.certificate().pem(), "ca");
  CHECK(roots->verify(*certificate, Purpose::server, test::now()).error().kind() == Errc::damaged);
}
