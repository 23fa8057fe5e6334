#include "pki/authority.hpp"

#include <doctest/doctest.h>

#include "fleet.hpp"

using namespace p2p;
using test::openssl;

namespace {

/// Runs `openssl verify` as strictly as it can for one purpose.
test::Outcome judge(const test::TemporaryFolder& folder, const pki::Authority& authority,
                    const pki::Certificate& certificate, const std::string& purpose, const std::string& more = "") {
  return openssl("verify -x509_strict -purpose " + purpose + " -CAfile " +
                 folder.put("ca.pem", authority.certificate().pem()) + " " + more + " " +
                 folder.put("leaf.pem", certificate.pem()));
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string text_of(const test::TemporaryFolder& folder, const pki::Certificate& certificate) {
  return openssl("x509 -noout -text -in " + folder.put("text.pem", certificate.pem())).output;
}

}  // namespace

TEST_CASE("the CA's certificate says what a CA's must") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority("shop");
  const std::string text = text_of(folder, authority.certificate());
  CAPTURE(text);
  CHECK(has(text, "Version: 3"));
  CHECK(has(text, "CN = p2p CA shop"));
  CHECK(has(text, "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0"));
  CHECK(has(text, "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign"));
  CHECK(has(text, "X509v3 Subject Key Identifier"));
  CHECK(has(text, "X509v3 Authority Key Identifier"));
  CHECK(has(text, "URI:spiffe://shop"));
  CHECK(authority.cluster_name() == "shop");
  CHECK(authority.certificate().facts().not_after - test::now() > std::chrono::days{3649});
  CHECK(authority.certificate().facts().not_after - test::now() <= std::chrono::days{3650});
}

TEST_CASE("openssl accepts nodes and operators for every type of key of the CA and of the leaf") {
  const test::TemporaryFolder folder;
  for (const auto ca_type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                             crypto::KeyType::rsa_2048}) {
    const auto authority = test::make_authority("p2p", ca_type);
    for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                            crypto::KeyType::rsa_2048}) {
      CAPTURE(crypto::to_string(ca_type));
      CAPTURE(crypto::to_string(type));
      const auto node = test::issue(authority, {.name = "worker-1"}, test::now(), type);
      const auto person = test::issue(authority, {.role = pki::Role::operator_, .name = "alice"}, test::now(), type);
      for (const char* purpose : {"sslserver", "sslclient"}) {
        const auto judged = judge(folder, authority, node.certificate, purpose);
        CHECK_MESSAGE(judged.exit_code == 0, judged.output);
      }
      CHECK(judge(folder, authority, person.certificate, "sslclient").exit_code == 0);
      CHECK(judge(folder, authority, person.certificate, "sslserver").exit_code != 0);
      const std::string text = text_of(folder, node.certificate);
      CHECK(has(text, type == crypto::KeyType::rsa_2048
                          ? "Key Usage: critical\n                Digital Signature, Key Encipherment\n"
                          : "Key Usage: critical\n                Digital Signature\n"));
    }
  }
}

TEST_CASE("a node is reached by its name, localhost, loopback and what was asked for, and by nothing else") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  const auto node = test::issue(
      authority, {.name = "my_node.1",
                  .extra_names = {*pki::parse_subject_name("*.local"), *pki::parse_subject_name("*.lab.local"),
                                  *pki::parse_subject_name("10.0.0.7"), *pki::parse_subject_name("2001:db8::7"),
                                  *pki::parse_subject_name("localhost")}});
  const std::string file = folder.put("leaf.pem", node.certificate.pem());
  const auto matches = [&](const std::string& question) {
    const auto judged = openssl("x509 -noout -in " + file + " " + question);
    return has(judged.output, "does match");
  };
  for (const char* host : {"my_node.1", "localhost", "printer.lab.local"})
    CHECK(matches(std::string("-checkhost ") + host));
  for (const char* host : {"other", "a.printer.lab.local", "lab.local"})
    CHECK_FALSE(matches(std::string("-checkhost ") + host));
  for (const char* ip : {"127.0.0.1", "::1", "10.0.0.7", "2001:db8::7"}) CHECK(matches(std::string("-checkip ") + ip));
  CHECK_FALSE(matches("-checkip 10.0.0.8"));
  const std::string names = openssl("x509 -noout -ext subjectAltName -in " + file).output;
  CHECK(has(
      names,
      "DNS:my_node.1, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:*.local, DNS:*.lab.local, "
      "IP Address:10.0.0.7, IP Address:2001:DB8:0:0:0:0:0:7, URI:spiffe://p2p/worker/my_node.1\n"));
}

TEST_CASE("a serial is 20 random bytes, positive, and never twice the same") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  const auto first = test::issue(authority, {.name = "a"});
  const auto second = test::issue(authority, {.name = "a"});
  CHECK(first.certificate.facts().serial.size() == 20);
  CHECK(first.certificate.facts().serial != second.certificate.facts().serial);
  const auto parsed = openssl("asn1parse -in " + folder.put("leaf.pem", first.certificate.pem()));
  CHECK(has(parsed.output, "l=  20 prim: INTEGER           :"));
  CHECK_FALSE(has(parsed.output, "INTEGER           :-"));
}

TEST_CASE("a certificate is valid from an hour ago, as long as asked, and never longer than its CA") {
  const test::TemporaryFolder folder;
  const WallTime at = std::chrono::floor<std::chrono::seconds>(test::now());
  auto authority = pki::Authority::make({.lifetime = std::chrono::days{30}}, at);
  REQUIRE(authority.has_value());
  const auto week = test::issue(*authority, {.name = "a", .lifetime = std::chrono::days{7}}, at);
  CHECK(week.certificate.facts().not_before == at - std::chrono::hours{1});
  CHECK(week.certificate.facts().not_after == at + std::chrono::days{7});
  const auto year = test::issue(*authority, {.name = "a"}, at);
  CHECK(year.certificate.facts().not_after == authority->certificate().facts().not_after);
  const auto seconds = [](WallTime t) {
    return std::to_string(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(t)));
  };
  using std::chrono::minutes, std::chrono::days;
  for (const auto& [moment, good] :
       {std::pair{at - minutes{59}, true}, {at - minutes{61}, false}, {at + days{29}, true}, {at + days{31}, false}}) {
    const auto judged = judge(folder, *authority, year.certificate, "sslserver", "-attime " + seconds(moment));
    CHECK_MESSAGE((judged.exit_code == 0) == good, judged.output);
  }
  const auto key = crypto::generate_key(crypto::KeyType::ed25519);
  CHECK(authority->issue({.name = "a"}, **key, at + days{31})
            .error()
            .context.starts_with("the CA's certificate expired"));
  CHECK(authority->issue({.name = "a"}, **key, at - days{1}).error().context.find("not valid before") !=
        std::string::npos);
}

TEST_CASE("dates past 2049 are written as RFC 5280 wants them") {
  const test::TemporaryFolder folder;
  auto authority = pki::Authority::make({.lifetime = pki::kMaxLifetime}, test::now());
  REQUIRE(authority.has_value());
  const auto node = test::issue(*authority, {.name = "a", .lifetime = pki::kMaxLifetime});
  CHECK(judge(folder, *authority, node.certificate, "sslserver").exit_code == 0);
  CHECK(has(openssl("asn1parse -in " + (folder.path() / "leaf.pem").string()).output, "GENERALIZEDTIME"));
}

TEST_CASE("requests that cannot be granted are refused") {
  const auto authority = test::make_authority();
  const auto key = crypto::generate_key(crypto::KeyType::ed25519);
  const auto kind = [&](const pki::LeafRequest& request) {
    return authority.issue(request, **key, test::now()).error().kind();
  };
  using std::chrono::days;
  CHECK(kind({.name = ""}) == Errc::invalid);
  CHECK(kind({.name = "../ca"}) == Errc::invalid);
  CHECK(kind({.name = "a b"}) == Errc::invalid);
  CHECK(kind({.name = std::string(64, 'a')}) == Errc::invalid);
  CHECK(kind({.name = "a", .lifetime = days{0}}) == Errc::invalid);
  CHECK(kind({.name = "a", .lifetime = days{-1}}) == Errc::invalid);
  CHECK(kind({.name = "a", .lifetime = days{36501}}) == Errc::invalid);
  CHECK(kind({.role = pki::Role::coordinator, .name = "a"}) == Errc::invalid);
  const auto p384 = crypto::generate_key(crypto::KeyType::ecdsa_p384);
  CHECK(authority.issue({.role = pki::Role::coordinator, .name = "a"}, **p384, test::now()).error().kind() ==
        Errc::invalid);
  CHECK(kind({.name = "a", .extra_names = std::vector<pki::SubjectName>(101)}) == Errc::invalid);
  CHECK(pki::Authority::make({.cluster_name = "a/b"}, test::now()).error().kind() == Errc::invalid);
  CHECK(pki::Authority::make({.lifetime = days{0}}, test::now()).error().kind() == Errc::invalid);
}

TEST_CASE("the longest names still make certificates that openssl accepts") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority(std::string(63, 'c'));
  const auto node = test::issue(authority, {.name = std::string(63, 'n')});
  CHECK(judge(folder, authority, node.certificate, "sslserver").exit_code == 0);
  CHECK(node.certificate.identity()->name == std::string(63, 'n'));
}

TEST_CASE("a CA is opened only with its own key, and only when it is one") {
  const auto authority = test::make_authority();
  const auto other = test::make_authority();
  const auto node = test::issue(authority, {.name = "a"});
  const auto open = [](const pki::Certificate& certificate, const EVP_PKEY& key) {
    const auto pem = crypto::write_private_key(key);
    return pki::Authority::open(certificate, std::move(*crypto::read_private_key(pem->view(), "key")));
  };
  CHECK(open(authority.certificate(), authority.key()).has_value());
  CHECK(open(authority.certificate(), other.key()).error().kind() == Errc::damaged);
  CHECK(open(node.certificate, *node.key).error().kind() == Errc::invalid);
}
