#include <doctest/doctest.h>

#include "../crypto/openssl_cli.hpp"
#include "acme/certificate_id.hpp"
#include "acme/certificate_requests.hpp"
#include "base/rfc3339.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::test;

namespace {

const std::string kRevoke = std::string(kBase) + "/acme/revoke-cert";

std::string revocation(const std::string& chain, const Json& reason = Json()) {
  Json out{{"certificate", to_base64url(pki::Certificate::from_pem(chain, "chain").value().der())}};
  if (!reason.is_null()) out["reason"] = reason;
  return out.dump();
}

std::string id_of(const std::string& chain) {
  const auto leaf = pki::Certificate::from_pem(chain, "chain").value();
  return acme::to_text(pki::CertificateId{leaf.facts().issuer_key_id, leaf.facts().serial});
}

net::Response replace(TestClient& client, const std::string& certificate_id) {
  const Json payload{{"identifiers", {acme::to_json(dns("worker-1"))}}, {"replaces", certificate_id}};
  return client.post(std::string(kBase) + "/acme/new-order", payload.dump());
}

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "openssl verifies the chain that was issued") {
  TestClient client(*this);
  client.join(worker());
  const auto chain = client.obtain({dns("worker-1"), ip("2001:db8::1")});
  const test::TemporaryFolder files;
  const auto ca = files.put("ca.pem", issuance.authority().certificate().pem());
  const auto leaf = files.put("leaf.pem", chain);
  const auto judged = openssl("verify -x509_strict -verify_ip 2001:db8::1 -CAfile " + ca + " " + leaf);
  CHECK_MESSAGE(judged.exit_code == 0, judged.output);
}

TEST_CASE_FIXTURE(ServerFixture, "revoked by the account that it was issued to, once") {
  TestClient client(*this);
  client.join(worker());
  const auto chain = client.obtain({dns("worker-1")});
  const auto done = client.post(kRevoke, revocation(chain, 1));
  CHECK(done.status == 200);
  CHECK(done.body.empty());
  REQUIRE(issuance.revoked.size() == 1);
  CHECK(issuance.revoked.begin()->second.first == 1);
  CHECK(problem_of(client.post(kRevoke, revocation(chain))) == "alreadyRevoked");
}

TEST_CASE_FIXTURE(ServerFixture, "revoked with the certificate's own key, no account needed") {
  TestClient client(*this);
  client.join(worker());
  const auto order = client.order({dns("worker-1")});
  TestClient holder(*this);
  const Json done = body_of(client.finalize(order, make_csr({dns("worker-1")}, *holder.key)));
  const auto chain = client.get(done["certificate"]).body;
  TestClient stranger(*this);
  CHECK(problem_of(stranger.post(kRevoke, revocation(chain))) == "unauthorized");
  CHECK(holder.post(kRevoke, revocation(chain)).status == 200);
}

TEST_CASE_FIXTURE(ServerFixture, "revoked by another account that is authorised for all its names") {
  TestClient owner(*this), other(*this);
  owner.join(worker("worker-1"));
  const auto chain = owner.obtain({dns("worker-1"), ip("10.0.0.1")});
  auto grant = worker("worker-1");
  grant.kid = "second";
  other.join(grant);
  CHECK(problem_of(other.post(kRevoke, revocation(chain))) == "unauthorized");
  other.obtain({ip("10.0.0.1")});
  CHECK(other.post(kRevoke, revocation(chain)).status == 200);
}

TEST_CASE_FIXTURE(ServerFixture, "a made-up certificate with the serial of another revokes nothing") {
  TestClient client(*this);
  client.join(worker());
  const auto chain = client.obtain({dns("worker-1")});
  // The attacker's CA, with the same subject and a key of its own.
  const auto forged_ca = pki::Authority::make({}, clock.now).value();
  TestClient attacker(*this);
  const auto forged =
      forged_ca.issue({.role = pki::Role::worker, .name = "worker-1"}, *attacker.key, clock.now).value();
  const auto answer = attacker.post(kRevoke, revocation(forged.pem()));
  CHECK(answer.status == 404);
  CHECK(problem_of(answer) == "malformed");
  CHECK(issuance.revoked.empty());
  CHECK(problem_of(client.post(kRevoke, R"({"certificate":"AQID"})")) == "malformed");
  CHECK(problem_of(client.post(kRevoke, revocation(chain, 8))) == "badRevocationReason");
}

TEST_CASE_FIXTURE(ServerFixture, "renewalInfo is a plain GET with a window and when to ask again") {
  TestClient client(*this);
  client.join(worker());
  const auto chain = client.obtain({dns("worker-1")});
  const auto base = body_of(send(net::Method::get, std::string(kBase) + "/acme/directory"))["renewalInfo"];
  const auto answer = send(net::Method::get, base.get<std::string>() + "/" + id_of(chain), "", "");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/json");
  const Json window = body_of(answer)["suggestedWindow"];
  const auto start = parse_rfc3339(window["start"].get<std::string>()).value();
  const auto end = parse_rfc3339(window["end"].get<std::string>()).value();
  CHECK(end - start > std::chrono::seconds(1));
  CHECK(header_of(answer, "Retry-After") == "21600");
  CHECK(problem_of(send(net::Method::get, base.get<std::string>() + "/AQID.AQID")) == "malformed");
  CHECK(send(net::Method::get, base.get<std::string>() + "/AQID.AQID").status == 404);
  CHECK(send(net::Method::get, base.get<std::string>() + "/nonsense").status == 400);
}

TEST_CASE_FIXTURE(ServerFixture, "an order replaces a certificate of its account once (RFC 9773 section 5)") {
  TestClient client(*this), other(*this);
  client.join(worker("worker-1"));
  other.join(worker("worker-2"));
  const auto id = id_of(client.obtain({dns("worker-1")}));
  CHECK(problem_of(replace(other, id)) == "malformed");
  CHECK(problem_of(replace(client, "nonsense")) == "malformed");
  const auto first = replace(client, id);
  CHECK(first.status == 201);
  CHECK(body_of(first)["replaces"] == id);
  const auto second = replace(client, id);
  CHECK(problem_of(second) == "alreadyReplaced");
  CHECK(second.status == 409);
  // An order that came to nothing does not count.
  clock.now += settings.order_lifetime;
  client.nonce.clear();
  CHECK(replace(client, id).status == 201);
}

TEST_CASE_FIXTURE(ServerFixture, "a chain can be fetched for a week, a certificate revoked until its end") {
  TestClient client(*this);
  client.join(worker());
  const auto order = client.order({dns("worker-1")});
  const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
  const std::string url = body_of(client.finalize(order, make_csr({dns("worker-1")}, *key)))["certificate"];
  const auto chain = client.get(url).body;
  CHECK(problem_of(client.post(url, "{}")) == "malformed");
  clock.now += settings.retention.chains + std::chrono::seconds(1);
  client.nonce.clear();
  REQUIRE(store->sweep(settings.retention, clock.now).has_value());
  CHECK(client.get(url).status == 404);
  CHECK(client.post(kRevoke, revocation(chain)).status == 200);
}
