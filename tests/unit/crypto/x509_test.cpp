#include "crypto/x509.hpp"

#include <doctest/doctest.h>

#include "openssl_cli.hpp"

using namespace p2p;
using test::openssl;

namespace {

/// A certificate by openssl, as PEM.
std::string make_pem(const test::TemporaryFolder& folder) {
  const std::string file = (folder.path() / "certificate.pem").string();
  REQUIRE(openssl("req -x509 -newkey ed25519 -nodes -subj /CN=x -keyout /dev/null -out " + file).exit_code == 0);
  return *read_file(file, 10'000);
}

}  // namespace

TEST_CASE("certificates of openssl come back byte for byte") {
  const test::TemporaryFolder folder;
  const std::string pem = make_pem(folder);
  const auto read = crypto::read_certificates("a comment\n" + pem + "\n" + pem + "trailing text\n", 2, "file");
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK(crypto::certificate_pem(*read->front()) == pem);
  const Bytes der = crypto::certificate_der(*read->back());
  const std::string der_file = (folder.path() / "x.der").string();
  REQUIRE(openssl("x509 -outform der -in " + folder.put("x.pem", pem) + " -out " + der_file).exit_code == 0);
  CHECK(as_text(der) == *read_file(der_file, 10'000));
  CHECK(crypto::read_certificate_der(der).has_value());
}

TEST_CASE("what is cut, changed or too much is an error") {
  const test::TemporaryFolder folder;
  const std::string pem = make_pem(folder);
  const auto kind = [](std::string_view text) { return crypto::read_certificates(text, 1, "f").error().kind(); };
  CHECK(kind("") == Errc::damaged);
  CHECK(kind("-----BEGIN CERTIFICATE-----\n") == Errc::damaged);
  CHECK(kind(pem.substr(0, pem.size() / 2)) == Errc::damaged);
  CHECK(kind(pem.substr(0, pem.size() - 5)) == Errc::damaged);
  CHECK(kind(pem + pem.substr(0, pem.size() / 2)) == Errc::damaged);
  CHECK(kind(pem + pem) == Errc::too_large);
  Bytes der = crypto::certificate_der(*crypto::read_certificates(pem, 1, "f")->front());
  der.push_back(0);
  CHECK(crypto::read_certificate_der(der).error().kind() == Errc::damaged);
  der.resize(der.size() / 2);
  CHECK(crypto::read_certificate_der(der).error().kind() == Errc::damaged);
  CHECK(crypto::read_certificate_der({}).error().kind() == Errc::damaged);
}
