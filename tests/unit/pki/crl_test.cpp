#include "pki/crl.hpp"

#include "fleet.hpp"

using namespace p2p;
using test::openssl;

namespace {

pki::Roots roots_of(const pki::Authority& authority) {
  return *pki::Roots::from_pem(authority.certificate().pem(), "ca.pem");
}

/// Seconds since 1970, as `openssl verify -attime` takes them.
std::string seconds(WallTime time) {
  return std::to_string(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time)));
}

}  // namespace

TEST_CASE("openssl verifies a list, refuses what is on it, and accepts the rest") {
  const test::TemporaryFolder folder;
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                          crypto::KeyType::rsa_2048}) {
    const auto authority = test::make_authority("p2p", type);
    const auto good = test::issue(authority, {.name = "good"});
    const auto bad = test::issue(authority, {.name = "bad"});
    const auto list =
        pki::sign_crl(authority, {{bad.certificate.facts().serial, test::now(), pki::RevocationReason::key_compromise}},
                      1'700'000'000'123, test::now());
    REQUIRE(list.has_value());
    const std::string ca = folder.put("ca.pem", authority.certificate().pem());
    const std::string crl = folder.put("crl.pem", *list);
    const auto text = openssl("crl -noout -text -CAfile " + ca + " -in " + crl).output;
    CAPTURE(text);
    CHECK(text.find("verify OK") != std::string::npos);
    CHECK(text.find("Version 2") != std::string::npos);
    CHECK(text.find("X509v3 Authority Key Identifier") != std::string::npos);
    CHECK(text.find("X509v3 CRL Number: \n                1700000000123") != std::string::npos);
    CHECK(text.find("Key Compromise") != std::string::npos);
    const auto check = [&](const test::Leaf& leaf) {
      return openssl("verify -x509_strict -crl_check -CAfile " + ca + " -CRLfile " + crl + " " +
                     folder.put("leaf.pem", leaf.certificate.pem()));
    };
    CHECK(check(good).exit_code == 0);
    CHECK(check(bad).output.find("certificate revoked") != std::string::npos);
  }
}

TEST_CASE("an empty list is a list; it lasts a week from now") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  const auto leaf = test::issue(authority, {.name = "a"});
  const WallTime now = std::chrono::floor<std::chrono::seconds>(test::now());
  const auto list = pki::sign_crl(authority, {}, 1, now);
  REQUIRE(list.has_value());
  const std::string files = " -crl_check -CAfile " + folder.put("ca.pem", authority.certificate().pem()) +
                            " -CRLfile " + folder.put("crl.pem", *list) + " " +
                            folder.put("leaf.pem", leaf.certificate.pem());
  CHECK(openssl("verify" + files).exit_code == 0);
  const WallTime after = now + std::chrono::days{7} + std::chrono::minutes{1};
  CHECK(openssl("verify -attime " + seconds(after) + files).output.find("CRL has expired") != std::string::npos);
  const auto read = pki::read_crls(*list, roots_of(authority), "crl.pem");
  REQUIRE_MESSAGE(read.has_value(), read.error().context);
  CHECK(read->front().next_update == now + std::chrono::days{7});
  CHECK(read->front().revoked.empty());
}

TEST_CASE("what was signed is read: number, dates, serials and reasons") {
  const auto authority = test::make_authority();
  const Bytes low{0x01}, high{0x80, 0x00};
  const WallTime now = std::chrono::floor<std::chrono::seconds>(test::now()), earlier = now - std::chrono::hours{5};
  const auto list =
      pki::sign_crl(authority, {{high, earlier, pki::RevocationReason::key_compromise}, {low, now, {}}}, 7, now);
  const auto read = pki::read_crls(*list, roots_of(authority), "crl.pem");
  REQUIRE(read.has_value());
  CHECK(read->size() == 1);
  CHECK(read->front().number == 7);
  CHECK(read->front().issuer_key_id == authority.certificate().facts().subject_key_id);
  CHECK(read->front().revoked ==
        std::vector<pki::RevokedSerial>{{low, now}, {high, earlier, pki::RevocationReason::key_compromise}});
}

TEST_CASE("a list that is cut, changed, or another CA's is not believed") {
  const auto authority = test::make_authority();
  const auto roots = roots_of(authority);
  const auto kind = [&](std::string_view pem) {
    const auto read = pki::read_crls(pem, roots, "crl.pem");
    REQUIRE_FALSE(read.has_value());
    return read.error().kind();
  };
  const std::string list = *pki::sign_crl(authority, {{Bytes{9}, test::now(), {}}}, 1, test::now());
  CHECK(kind("") == Errc::damaged);
  CHECK(kind(list.substr(0, list.size() / 2)) == Errc::damaged);
  CHECK(kind(list + list.substr(0, list.size() / 2)) == Errc::damaged);
  CHECK(kind(authority.certificate().pem()) == Errc::damaged);
  CHECK(kind(std::string(pki::kMaxCrlBytes + 1, 'x')) == Errc::too_large);
  CHECK(kind(*pki::sign_crl(test::make_authority(), {}, 1, test::now())) == Errc::not_found);
  const std::string foreign = *pki::sign_crl(test::make_authority(), {}, 1, test::now());
  const auto mixed = pki::read_crls(foreign + list + foreign, roots, "crl.pem");
  REQUIRE(mixed.has_value());
  REQUIRE(mixed->size() == 1);
  CHECK(mixed->front().find(Bytes{9}) != nullptr);
  std::string changed = list;
  const std::size_t middle = changed.find('\n') + 60;  // within the body, in base64
  changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
  CHECK(kind(changed) == Errc::damaged);
  for (const auto& one : {list, foreign}) {
    std::string many;
    for (int i = 0; i < 9; ++i) many += one;
    CHECK(kind(many) == Errc::too_large);
  }
}

TEST_CASE("a list that leaves certificates out, as openssl makes it, is refused") {
  const test::TemporaryFolder folder;
  const auto authority = test::make_authority();
  folder.put("ca.pem", authority.certificate().pem());
  folder.put("ca.key", crypto::write_private_key(authority.key())->view());
  folder.put("index.txt", "");
  folder.put("number", "01\n");
  const std::string configuration = folder.put(
      "ca.cnf", "[ca]\ndefault_ca=d\n[d]\ndir=" + folder.path().string() +
                    "\ndatabase=$dir/index.txt\ncrlnumber=$dir/number\ncertificate=$dir/ca.pem\n"
                    "private_key=$dir/ca.key\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=e\n"
                    "[e]\nauthorityKeyIdentifier=keyid\nissuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n");
  const std::string file = (folder.path() / "crl.pem").string();
  const auto made = test::openssl("ca -gencrl -config " + configuration + " -out " + file);
  REQUIRE_MESSAGE(made.exit_code == 0, made.output);
  const auto read = pki::read_crls(*read_file(file, pki::kMaxCrlBytes), roots_of(authority), "crl.pem");
  CHECK(read.error().kind() == Errc::unsupported);
}
