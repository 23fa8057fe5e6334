#include <doctest/doctest.h>

#include <set>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::test;

namespace {

crypto::KeyPtr new_key() { return crypto::generate_key(crypto::KeyType::ecdsa_p256).value(); }

/// badCSR, and the order is as ready as before.
void refuse_csr(TestClient& client, const std::string& order, const Bytes& csr) {
  CHECK(problem_of(client.finalize(order, csr)) == "badCSR");
  CHECK(body_of(client.get(order))["status"] == "ready");
}

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "the invitation's name is authorised at once and certified") {
  TestClient client(*this);
  client.join(worker("worker-1", {dns("w1.example")}));
  const auto made = client.new_order({dns("worker-1"), dns("W1.example")});
  CHECK(made.status == 201);
  const auto url = header_of(made, "Location");
  Json order = body_of(made);
  CHECK(order["status"] == "ready");
  CHECK(order["identifiers"] ==
        Json{{{"type", "dns"}, {"value", "worker-1"}}, {{"type", "dns"}, {"value", "W1.example"}}});
  CHECK(order["finalize"] == url + "/finalize");
  REQUIRE(order["authorizations"].size() == 2);
  const Json authorization = body_of(client.get(order["authorizations"][1]));
  CHECK(authorization["status"] == "valid");
  CHECK(authorization["identifier"] == order["identifiers"][1]);
  CHECK(authorization["challenges"][0]["status"] == "valid");
  CHECK(validator.asked.empty());

  const auto key = new_key();
  const auto finalized = client.finalize(url, make_csr({dns("w1.example"), dns("worker-1")}, *key));
  CHECK(finalized.status == 200);
  order = body_of(finalized);
  CHECK(order["status"] == "valid");
  const auto chain = client.get(order["certificate"]);
  CHECK(chain.status == 200);
  CHECK(chain.content_type == "application/pem-certificate-chain");
  const auto certificates = pki::read_all_certificates(chain.body, "chain").value();
  REQUIRE(certificates.size() == 2);
  CHECK(crypto::same_key(certificates[0].public_key(), *key));
  CHECK_FALSE(certificates[0].facts().issuer_key_id.empty());
  CHECK(certificates[0].facts().issuer_key_id == certificates[1].facts().subject_key_id);
  CHECK(certificates[0].identity().value().uri() == "spiffe://p2p/worker/worker-1");
  CHECK(body_of(client.get(url))["status"] == "valid");
}

TEST_CASE_FIXTURE(ServerFixture, "an order that is not ready is not finalized") {
  TestClient client(*this);
  client.join(worker());
  const auto key = new_key();
  const auto csr = make_csr({ip("10.0.0.1")}, *key);
  const auto order = client.order({ip("10.0.0.1")});
  const auto early = client.finalize(order, csr);
  CHECK(problem_of(early) == "orderNotReady");
  CHECK(early.status == 403);
  client.obtain({ip("10.0.0.1")});
  const auto ready = client.order({ip("10.0.0.1")});
  CHECK(client.finalize(ready, csr).status == 200);
  CHECK(problem_of(client.finalize(ready, csr)) == "orderNotReady");
}

TEST_CASE_FIXTURE(ServerFixture, "a request for another certificate than the order's is bad") {
  TestClient client(*this);
  client.join(worker("worker-1", {dns("w1.example")}));
  const auto order = client.order({dns("worker-1")});
  const auto key = new_key();
  refuse_csr(client, order, {1, 2, 3});
  refuse_csr(client, order, make_csr({}, *key));
  refuse_csr(client, order, make_csr({dns("w1.example")}, *key));
  refuse_csr(client, order, make_csr({dns("worker-1"), dns("w1.example")}, *key));
  refuse_csr(client, order, make_csr({dns("worker-1"), ip("10.0.0.1")}, *key));
  refuse_csr(client, order, make_csr({dns("worker-1")}, *key, {.common_name = "another.example"}));
  refuse_csr(
      client, order,
      make_csr({dns("worker-1")}, *key, {.extension_name = "basicConstraints", .extension_value = "critical,CA:TRUE"}));
  refuse_csr(client, order, make_csr({dns("worker-1")}, *client.key));  // the account's key
  CHECK(client.finalize(order, make_csr({dns("worker-1")}, *key, {.common_name = "worker-1"})).status == 200);
}

TEST_CASE_FIXTURE(ServerFixture, "names of others, loopback and wildcards are rejected") {
  TestClient client(*this);
  client.join(worker());
  issuance.reserved = {dns("worker-2"), ip("10.0.0.2")};
  for (const auto& name :
       {dns("worker-2"), ip("10.0.0.2"), dns("a.localhost"), ip("127.0.0.2"), ip("::"), dns("*.example.com")}) {
    const auto answer = client.new_order({name});
    CHECK_MESSAGE(problem_of(answer) == "rejectedIdentifier", name.text);
    CHECK(answer.status == 400);
  }
  CHECK(problem_of(client.new_order({ip("2001:DB8::1")})) == "malformed");
  CHECK(client.new_order({ip("2001:db8::1")}).status == 201);
  CHECK(problem_of(client.post(std::string(kBase) + "/acme/new-order",
                               R"({"identifiers":[{"type":"email","value":"a@b"}]})")) == "unsupportedIdentifier");
}

TEST_CASE_FIXTURE(ServerFixture, "a renewal may ask for every name of the certificate before, as certbot does") {
  TestClient client(*this);
  client.join(worker());
  const auto first = pki::Certificate::from_pem(client.obtain({dns("worker-1"), ip("10.0.0.1")}), "first").value();
  std::vector<pki::SubjectName> names;
  for (const auto& text : first.facts().dns_names) names.push_back(dns(text));
  for (const auto& text : first.facts().ip_addresses) names.push_back(ip(text));
  CHECK(names.size() == 5);
  const auto second = pki::Certificate::from_pem(client.obtain(names), "second").value();
  CHECK(second.facts().dns_names == first.facts().dns_names);
}

TEST_CASE_FIXTURE(ServerFixture, "a granted wildcard is shown as RFC 8555 section 7.1.4 wants") {
  TestClient client(*this);
  client.join(worker("worker-1", {dns("*.w1.example")}));
  const Json order = body_of(client.new_order({dns("*.w1.example")}));
  CHECK(order["identifiers"][0]["value"] == "*.w1.example");
  const Json authorization = body_of(client.get(order["authorizations"][0]));
  CHECK(authorization["identifier"]["value"] == "w1.example");
  CHECK(authorization["wildcard"] == true);
}

TEST_CASE_FIXTURE(ServerFixture, "a revoked invitation ends what its account may do") {
  TestClient client(*this);
  client.join(worker());
  const auto order = client.order({dns("worker-1")});
  issuance.invitations["kid-worker-1"].revoked = true;
  CHECK(problem_of(client.new_order({dns("worker-1")})) == "unauthorized");
  const auto key = new_key();
  CHECK(problem_of(client.finalize(order, make_csr({dns("worker-1")}, *key))) == "unauthorized");
}

TEST_CASE_FIXTURE(ServerFixture, "a name that the invitation has lost is not certified, nor reused") {
  TestClient client(*this);
  client.join(worker("worker-1", {dns("old.example")}));
  const auto order = client.order({dns("old.example")});
  issuance.invitations["kid-worker-1"].grant.names.clear();
  const auto key = new_key();
  CHECK(problem_of(client.finalize(order, make_csr({dns("old.example")}, *key))) == "unauthorized");
  const Json after = body_of(client.get(order));
  CHECK(after["status"] == "invalid");
  CHECK(after["error"]["type"] == "urn:ietf:params:acme:error:unauthorized");
  CHECK(body_of(client.new_order({dns("old.example")}))["status"] == "pending");
}

TEST_CASE_FIXTURE(ServerFixture, "another account's objects are not found") {
  TestClient one(*this), two(*this);
  one.join(worker("worker-1"));
  two.join(worker("worker-2"));
  const auto order = one.order({dns("worker-1")});
  const Json body = body_of(one.get(order));
  const Json authorization = body_of(one.get(body["authorizations"][0]));
  const auto key = new_key();
  const Json done = body_of(one.finalize(order, make_csr({dns("worker-1")}, *key)));
  for (const std::string& url :
       {order, body["authorizations"][0].get<std::string>(), authorization["challenges"][0]["url"].get<std::string>(),
        done["certificate"].get<std::string>(), std::string(kBase) + "/acme/order/none"}) {
    const auto answer = two.get(url);
    CHECK(answer.status == 404);
    CHECK(problem_of(answer) == "malformed");
  }
  CHECK(two.finalize(order, make_csr({dns("worker-1")}, *key)).status == 404);
  CHECK(problem_of(two.get(one.kid + "/orders")) == "unauthorized");
}

TEST_CASE_FIXTURE(ServerFixture, "an order that is left alone expires, and is gone after a while") {
  TestClient client(*this);
  client.join(worker());
  const auto order = client.order({ip("10.0.0.1")});
  const std::string authorization = body_of(client.get(order))["authorizations"][0];
  clock.now += settings.order_lifetime;
  client.nonce.clear();
  CHECK(body_of(client.get(order))["status"] == "invalid");
  CHECK(body_of(client.get(authorization))["status"] == "expired");
  clock.now += settings.retention.orders + std::chrono::seconds(1);
  client.nonce.clear();
  CHECK(store->sweep(settings.retention, clock.now).value() == 2);
  CHECK(client.get(order).status == 404);
  CHECK(client.get(authorization).status == 404);
}

TEST_CASE("open orders of an account are limited, those of others not concerned") {
  acme::ServerSettings settings;
  settings.order_limits.open_orders = 3;
  ServerFixture server(settings);
  TestClient one(server), two(server);
  one.join(server.worker("worker-1"));
  two.join(server.worker("worker-2"));
  std::string order;
  for (int i = 0; i < 3; ++i) order = one.order({dns("worker-1")});
  const auto refused = one.new_order({dns("worker-1")});
  CHECK(problem_of(refused) == "rateLimited");
  CHECK(refused.status == 429);
  CHECK(std::stoi(header_of(refused, "Retry-After")) > 0);
  CHECK(two.new_order({dns("worker-2")}).status == 201);
  const auto key = new_key();
  CHECK(one.finalize(order, make_csr({dns("worker-1")}, *key)).status == 200);
  CHECK(one.new_order({dns("worker-1")}).status == 201);
}

TEST_CASE("the certificates that an account gets in a day are limited, with orders that may still become some") {
  acme::ServerSettings settings;
  settings.order_limits = {.open_orders = 10, .certificates = 3, .window = std::chrono::hours(24)};
  ServerFixture server(settings);
  TestClient one(server), two(server);
  one.join(server.worker("worker-1"));
  two.join(server.worker("worker-2"));
  one.obtain({dns("worker-1")});
  server.clock.now += std::chrono::minutes(5);
  one.nonce = one.fresh_nonce();
  one.obtain({dns("worker-1")});
  const auto last = one.order({dns("worker-1")});
  for (bool finished : {false, true}) {
    CAPTURE(finished);
    const auto key = new_key();
    if (finished) CHECK(one.finalize(last, make_csr({dns("worker-1")}, *key)).status == 200);
    const auto refused = one.new_order({dns("worker-1")});
    CHECK(refused.status == 429);
    CHECK(problem_of(refused) == "rateLimited");
    // The first leaves the day.
    CHECK(header_of(refused, "Retry-After") == std::to_string((24 * 60 - 5) * 60));
  }
  CHECK(two.new_order({dns("worker-2")}).status == 201);
  server.clock.now += std::chrono::minutes(24 * 60 - 5);
  one.nonce = one.fresh_nonce();
  CHECK(one.new_order({dns("worker-1")}).status == 201);
  CHECK(one.new_order({dns("worker-1")}).status == 429);
}

TEST_CASE_FIXTURE(ServerFixture, "what the CA says decides what becomes of the order") {
  TestClient client(*this);
  client.join(worker());
  const auto order = client.order({dns("worker-1")});
  const auto key = new_key();
  const auto csr = make_csr({dns("worker-1")}, *key);
  issuance.failure = Error(Errc::limited, "disk full");
  const auto failed = client.finalize(order, csr);
  CHECK(problem_of(failed) == "serverInternal");
  CHECK(body_of(failed)["detail"].get<std::string>().find("disk") == std::string::npos);
  CHECK(body_of(client.get(order))["status"] == "ready");
  issuance.failure = Error(Errc::unsupported, "a key of this type is not used in certificates here");
  refuse_csr(client, order, csr);
  issuance.failure.reset();
  CHECK(client.finalize(order, csr).status == 200);
  issuance.failure = Error(Errc::invalid, "outside the CA's name constraints");
  const auto second = client.order({dns("worker-1")});
  CHECK(problem_of(client.finalize(second, csr)) == "rejectedIdentifier");
  CHECK(body_of(client.get(second))["status"] == "invalid");
}

TEST_CASE_FIXTURE(ServerFixture, "orders of an account, page by page") {
  settings.order_limits = {.open_orders = 1000, .certificates = 1000};
  restart();
  TestClient client(*this);
  client.join(worker());
  std::set<std::string> made;
  for (std::size_t i = 0; i < acme::kOrdersOnPage + 5; ++i) made.insert(client.order({dns("worker-1")}));
  const auto first = client.get(client.kid + "/orders");
  CHECK(body_of(first)["orders"].size() == acme::kOrdersOnPage);
  const auto second = client.get(link_of(first, "next"));
  CHECK(body_of(second)["orders"].size() == 5);
  CHECK(link_of(second, "next").empty());
  std::set<std::string> listed;
  for (const auto* page : {&first, &second}) {
    const Json body = body_of(*page);
    for (const auto& url : body["orders"]) listed.insert(url);
  }
  CHECK(listed == made);
  CHECK(client.get(client.kid + "/orders?cursor=x").status == 404);
}
