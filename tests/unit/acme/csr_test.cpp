#include "acme/csr.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include "../crypto/openssl_cli.hpp"
#include "crypto/key.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace p2p::test;

namespace {

/// What `openssl req` makes with these arguments, in DER.
Bytes openssl_request(const std::string& arguments, const std::string& key = "ec -pkeyopt ec_paramgen_curve:P-256") {
  const test::TemporaryFolder folder;
  const auto out = (folder.path() / "request.der").string();
  const auto made =
      openssl("req -new -newkey " + key + " -nodes -keyout /dev/null -outform DER -out " + out + " " + arguments);
  REQUIRE_MESSAGE(made.exit_code == 0, made.output);
  return to_bytes(read_file(out, 1 << 16).value());
}

}  // namespace

TEST_CASE("an empty subject, as certbot sends it") {
  const auto facts =
      parse_request(openssl_request("-subj / -addext subjectAltName=DNS:a.example,DNS:b.example")).value();
  CHECK(facts.common_name.empty());
  CHECK(facts.names == std::vector{dns("a.example"), dns("b.example")});
  CHECK_FALSE(facts.is_ca_requested);
}

TEST_CASE("a common name, alone or beside the alternative names") {
  CHECK(parse_request(openssl_request("-subj /CN=a.example")).value().names == std::vector{dns("a.example")});
  CHECK(parse_request(openssl_request("-subj /CN=a.example -addext subjectAltName=DNS:a.example")).value().names ==
        std::vector{dns("a.example")});
  CHECK(parse_request(openssl_request("-subj /CN=b.example -addext subjectAltName=DNS:a.example")).value().names ==
        std::vector{dns("a.example"), dns("b.example")});
}

TEST_CASE("addresses, with the address as common name as lego does it") {
  CHECK(parse_request(openssl_request("-subj /CN=10.0.0.1 -addext subjectAltName=IP:10.0.0.1,IP:2001:db8::1"))
            .value()
            .names == std::vector{ip("10.0.0.1"), ip("2001:db8::1")});
}

TEST_CASE_FIXTURE(ServerFixture, "requests with P-256, P-384 and RSA keys are certified, others are bad") {
  const std::string names = "-subj / -addext subjectAltName=DNS:worker-1";
  TestClient client(*this);
  client.join(worker());
  for (const char* key :
       {"ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384", "rsa:2048", "rsa:3072"}) {
    const auto answer = client.finalize(client.order({dns("worker-1")}), openssl_request(names, key));
    CHECK_MESSAGE(answer.status == 200, key << ": " << answer.body);
  }
  for (const char* key : {"ec -pkeyopt ec_paramgen_curve:P-521", "rsa:1024"}) {
    const auto answer = client.finalize(client.order({dns("worker-1")}), openssl_request(names, key));
    CHECK_MESSAGE(problem_of(answer) == "badCSR", key);
  }
}

TEST_CASE("CA:TRUE is seen") {
  const auto facts = parse_request(openssl_request("-subj /CN=a.example -addext basicConstraints=critical,CA:TRUE"));
  CHECK(facts.value().is_ca_requested);
}

TEST_CASE("names of other kinds are refused") {
  for (const char* names :
       {"email:a@b.example", "URI:spiffe://p2p/coordinator/x", "RID:1.2.3.4", "DNS:a..b", "DNS:10.0.0.1"}) {
    CHECK_MESSAGE(!parse_request(openssl_request(std::string("-subj / -addext subjectAltName=") + names)).has_value(),
                  names);
  }
  CHECK_FALSE(parse_request(openssl_request("-subj '/CN=not a name'")).has_value());
  CHECK_FALSE(parse_request(openssl_request("-subj /CN=a.example/CN=b.example")).has_value());
}

TEST_CASE("what is torn, forged or longer than one request") {
  const auto good = openssl_request("-subj /CN=a.example");
  REQUIRE(parse_request(good).has_value());
  for (std::size_t size = 0; size < good.size(); size += 7)
    CHECK_FALSE(parse_request(ByteView(good).first(size)).has_value());
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(parse_request(longer).has_value());
  Bytes forged = good;
  forged[forged.size() - 1] ^= 1;
  CHECK_FALSE(parse_request(forged).has_value());
}
