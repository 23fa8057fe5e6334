#include "pki/certificate_request.hpp"

#include "fleet.hpp"

using namespace p2p;
using test::openssl;

namespace {

/// A request that openssl made: `more` are further arguments of `openssl req`.
std::string made_by_openssl(const test::TemporaryFolder& folder, const std::string& more,
                            const std::string& key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256") {
  const std::string file = (folder.path() / "request.pem").string();
  const auto made = openssl("req -new " + key + " -nodes -keyout " + (folder.path() / "key.pem").string() + " -out " +
                            file + " " + more);
  REQUIRE_MESSAGE(made.exit_code == 0, made.output);
  return *read_file(file, pki::kMaxRequestBytes);
}

Errc kind_of(std::string_view pem) {
  const auto read = pki::CertificateRequest::from_pem(pem, "request.pem");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().context.starts_with("request.pem: "));
  return read.error().kind();
}

}  // namespace

TEST_CASE("openssl accepts and reads a request that was made here") {
  const test::TemporaryFolder folder;
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                          crypto::KeyType::rsa_2048}) {
    const auto key = crypto::generate_key(type);
    const auto pem = pki::make_request(
        "worker-1", {*pki::parse_subject_name("worker-1"), *pki::parse_subject_name("2001:db8::1")}, **key);
    REQUIRE(pem.has_value());
    const auto judged = openssl("req -verify -noout -text -in " + folder.put("r.pem", *pem));
    CHECK(judged.exit_code == 0);
    CHECK(judged.output.find("CN = worker-1") != std::string::npos);
    CHECK(judged.output.find("DNS:worker-1, IP Address:2001:DB8:0:0:0:0:0:1") != std::string::npos);
    const auto read = pki::CertificateRequest::from_pem(*pem, "r.pem");
    REQUIRE(read.has_value());
    CHECK(read->common_name() == "worker-1");
    CHECK(read->names().size() == 2);
    CHECK(crypto::same_key(read->public_key(), **key));
  }
}

TEST_CASE("requests of other programs are read: without names, with an empty subject, with a P-384 key") {
  const test::TemporaryFolder folder;
  const auto plain = pki::CertificateRequest::from_pem(made_by_openssl(folder, "-subj /CN=a.example"), "r");
  REQUIRE(plain.has_value());
  CHECK(plain->names().empty());
  const auto empty = pki::CertificateRequest::from_pem(
      made_by_openssl(folder, "-subj / -addext subjectAltName=DNS:a.example,URI:spiffe://p2p/coordinator/a",
                      "-newkey ec -pkeyopt ec_paramgen_curve:P-384"),
      "r");
  REQUIRE(empty.has_value());
  CHECK(empty->common_name().empty());
  CHECK(empty->names() == std::vector{*pki::parse_subject_name("a.example")});
  CHECK(empty->uris() == std::vector<std::string>{"spiffe://p2p/coordinator/a"});
}

TEST_CASE("a request that asks for more than anyone gets is refused") {
  const test::TemporaryFolder folder;
  CHECK(kind_of(made_by_openssl(folder, "-subj /CN=a -addext basicConstraints=critical,CA:TRUE")) ==
        Errc::not_permitted);
  CHECK(kind_of(made_by_openssl(folder, "-subj /CN=a -addext subjectAltName=email:a@b.example")) ==
        Errc::not_permitted);
  CHECK(kind_of(made_by_openssl(folder, "-subj /CN=a", "-newkey rsa:1024")) == Errc::unsupported);
  CHECK(kind_of(made_by_openssl(folder, "-subj /CN=a", "-newkey ec -pkeyopt ec_paramgen_curve:secp521r1")) ==
        Errc::unsupported);
  std::string names = "DNS:a0";
  for (int i = 1; i <= 100; ++i) names += ",DNS:a" + std::to_string(i);
  CHECK(kind_of(made_by_openssl(folder, "-subj /CN=a -addext subjectAltName=" + names)) == Errc::too_large);
}

TEST_CASE("what is cut, changed, foreign or too long is no request") {
  const test::TemporaryFolder folder;
  const std::string pem = made_by_openssl(folder, "-subj /CN=a");
  CHECK(kind_of("") == Errc::damaged);
  CHECK(kind_of(pem.substr(0, pem.size() / 2)) == Errc::damaged);
  CHECK(kind_of(test::make_authority().certificate().pem()) == Errc::damaged);
  CHECK(kind_of(std::string(pki::kMaxRequestBytes + 1, 'x')) == Errc::too_large);

  REQUIRE(openssl("req -in " + folder.put("a.pem", pem) + " -outform DER -out " + (folder.path() / "a.der").string())
              .exit_code == 0);
  Bytes der = to_bytes(*read_file(folder.path() / "a.der", pki::kMaxRequestBytes));
  CHECK(pki::CertificateRequest::from_der(der).has_value());
  der.push_back(0);
  CHECK(pki::CertificateRequest::from_der(der).error().kind() == Errc::damaged);
  der.pop_back();
  der[der.size() - 1] ^= 1;
  CHECK(pki::CertificateRequest::from_der(der).error().kind() == Errc::damaged);
}
