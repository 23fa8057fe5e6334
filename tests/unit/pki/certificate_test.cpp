#include "pki/certificate.hpp"

#include <doctest/doctest.h>

#include "base/rfc3339.hpp"
#include "fleet.hpp"

using namespace p2p;
using test::openssl;

namespace {

/// A self-signed certificate by openssl with these extensions.
Result<pki::Certificate> foreign(const test::TemporaryFolder& folder, const std::string& options) {
  const std::string file = (folder.path() / "foreign.pem").string();
  const auto made = openssl("req -x509 -newkey ed25519 -nodes -keyout /dev/null -out " + file + " " + options);
  REQUIRE_MESSAGE(made.exit_code == 0, made.output);
  return pki::Certificate::from_pem(*read_file(file, 100'000), file);
}

}  // namespace

TEST_CASE("the facts are those that openssl prints") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  const auto node = test::issue(authority, {.role = pki::Role::coordinator, .name = "main"});
  const auto& facts = node.certificate.facts();
  const std::string file = folder.put("leaf.pem", node.certificate.pem());
  const auto says = [&](const std::string& question) {
    return openssl("x509 -noout -in " + file + " " + question).output;
  };
  std::string serial = to_hex(facts.serial);
  for (char& c : serial) c = static_cast<char>(std::toupper(c));
  CHECK(says("-serial") == "serial=" + serial + "\n");
  CHECK(says("-subject -nameopt RFC2253") == "subject=" + facts.subject + "\n");
  CHECK(says("-issuer -nameopt RFC2253") == "issuer=" + facts.issuer + "\n");
  CHECK(says("-startdate -dateopt iso_8601") ==
        "notBefore=" + format_rfc3339(facts.not_before, 0).replace(10, 1, " ") + "\n");
  CHECK(says("-enddate -dateopt iso_8601") ==
        "notAfter=" + format_rfc3339(facts.not_after, 0).replace(10, 1, " ") + "\n");
  std::string fingerprint = says("-fingerprint -sha256");
  fingerprint = fingerprint.substr(fingerprint.find('=') + 1);
  std::erase(fingerprint, ':');
  std::erase(fingerprint, '\n');
  CHECK(to_bytes(as_text(facts.sha256)) == *from_hex(fingerprint));
  CHECK(facts.issuer_key_id == authority.certificate().facts().subject_key_id);
  CHECK(facts.common_name == "main");
  CHECK(facts.dns_names == std::vector<std::string>{"main", "localhost"});
  CHECK(facts.ip_addresses == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(facts.key_type == "ecdsa-p256");
  CHECK_FALSE(facts.is_ca);
  CHECK(facts.for_servers);
  CHECK(facts.for_clients);
  CHECK(authority.certificate().facts().is_ca);
  CHECK(*node.certificate.identity() == pki::Identity{"p2p", pki::Role::coordinator, "main"});
  CHECK(pki::Certificate::from_der(node.certificate.der())->facts().sha256 == facts.sha256);
}

TEST_CASE("no identity without exactly one URI of the right form") {
  const test::TemporaryFolder folder;
  for (const std::string options :
       {"-subj /CN=x", "-subj /CN=x -addext subjectAltName=DNS:worker-1",
        "-subj /CN=x -addext subjectAltName=URI:spiffe://p2p/worker/a,URI:spiffe://p2p/coordinator/a",
        "-subj /CN=x -addext subjectAltName=URI:spiffe://p2p/worker/a,URI:https://example.org",
        "-subj /CN=x -addext subjectAltName=URI:https://p2p/worker/a", "-subj /CN=spiffe:%2f%2fp2p%2fworker%2fa"}) {
    CAPTURE(options);
    const auto certificate = foreign(folder, options);
    REQUIRE(certificate.has_value());
    CHECK(certificate->identity().error().kind() == Errc::invalid);
  }
}

TEST_CASE("foreign certificates are read as they are") {
  const test::TemporaryFolder folder;
  const auto client = foreign(folder, "-subj /O=Caf\xC3\xA9 -utf8 -days 100000 -addext extendedKeyUsage=clientAuth");
  REQUIRE(client.has_value());
  CHECK(client->facts().common_name.empty());
  CHECK(client->facts().subject == "O=Caf\xC3\xA9");
  CHECK_FALSE(client->facts().for_servers);
  CHECK(client->facts().for_clients);
  CHECK(client->facts().not_after == WallTime::max());  // the year 2298
}

TEST_CASE("a name with a NUL, a doubled extension and cut bytes are damage") {
  const test::TemporaryFolder folder;
  const auto nul =
      foreign(folder, "-subj /CN=x -addext subjectAltName=DER:30:0F:82:0D:61:00:2E:65:76:69:6C:2E:6F:72:67:2E:63");
  CHECK(nul.error().kind() == Errc::damaged);
  const auto undecodable = foreign(folder, "-subj /CN=x -addext subjectAltName=DER:30:0F:82");
  CHECK(undecodable.error().kind() == Errc::damaged);
  const auto odd_ip = foreign(folder, "-subj /CN=x -addext subjectAltName=DER:30:05:87:03:01:02:03");
  CHECK(odd_ip.error().kind() == Errc::damaged);
}

TEST_CASE("every byte of a certificate may be wrong without harm") {
  const auto authority = test::make_authority();
  const auto node = test::issue(authority, {.name = "a"});
  const Bytes good = node.certificate.der();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xFF}) {
      Bytes broken = good;
      broken[i] ^= flip;
      const auto read = pki::Certificate::from_der(broken);
      if (read) CHECK(read->facts().sha256 != node.certificate.facts().sha256);
    }
    CHECK_FALSE(pki::Certificate::from_der(ByteView(good).first(i)).has_value());
  }
}
