#include <doctest/doctest.h>

#include "crypto/jws.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::test;

namespace {

const std::string kNewAccount = std::string(kBase) + "/acme/new-account";
const std::string kKeyChange = std::string(kBase) + "/acme/key-change";

net::Response register_with_binding(TestClient& client, const Json& binding) {
  return client.post(kNewAccount, Json{{"externalAccountBinding", binding}}.dump());
}

/// The inner JWS of a key change, signed with `key`.
Json inner(const TestClient& client, const EVP_PKEY& key, const Json& payload,
           const TestClient::ChangeHeader& change = {}) {
  Json header{{"url", kKeyChange}, {"jwk", crypto::to_jwk(key).value()}};
  if (change) change(header);
  return crypto::sign_jws(
             header,
             payload.is_null() ? Json{{"account", client.kid}, {"oldKey", client.jwk()}}.dump() : payload.dump(), key)
      .value();
}

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "a new account: 201 with Location and its binding") {
  TestClient client(*this);
  const auto key = issuance.invite(worker()).key;
  const auto answer = client.register_with("kid-worker-1", key);
  CHECK(answer.status == 201);
  CHECK(header_of(answer, "Location").starts_with(std::string(kBase) + "/acme/acct/"));
  const Json body = body_of(answer);
  CHECK(body["status"] == "valid");
  CHECK(body["contact"] == Json{"mailto:admin@example.com"});
  CHECK(body["orders"] == client.kid + "/orders");
  CHECK(body["externalAccountBinding"]["payload"] == to_base64url(as_bytes(client.jwk().dump())));
}

TEST_CASE_FIXTURE(ServerFixture, "the same key again: 200, the same Location, no further use of the invitation") {
  TestClient client(*this);
  const auto key = issuance.invite(worker()).key;
  const auto first = header_of(client.register_with("kid-worker-1", key), "Location");
  client.kid.clear();
  const auto again = client.register_with("kid-worker-1", key);
  CHECK(again.status == 200);
  CHECK(header_of(again, "Location") == first);
  client.kid.clear();
  const auto existing = client.post(kNewAccount, R"({"onlyReturnExisting":true})");
  CHECK(existing.status == 200);
  CHECK(header_of(existing, "Location") == first);
}

TEST_CASE_FIXTURE(ServerFixture, "onlyReturnExisting never makes an account") {
  TestClient client(*this);
  CHECK(problem_of(client.post(kNewAccount, R"({"onlyReturnExisting":true})")) == "accountDoesNotExist");
}

TEST_CASE_FIXTURE(ServerFixture, "an invitation is required, and used once") {
  TestClient one(*this), two(*this);
  CHECK(problem_of(one.post(kNewAccount, "{}")) == "externalAccountRequired");
  const auto key = issuance.invite(worker()).key;
  CHECK(one.register_with("kid-worker-1", key).status == 201);
  const auto used = two.register_with("kid-worker-1", key);
  CHECK(problem_of(used) == "unauthorized");
  CHECK(body_of(used)["detail"].get<std::string>().find("used") != std::string::npos);
}

TEST_CASE_FIXTURE(ServerFixture, "a node's own certificate stands for an invitation, and for its own name alone") {
  issuance.nodes[Bytes{1, 2}] = "worker-1";
  TestClient stranger(*this), node(*this), former(*this);
  CHECK(problem_of(stranger.post(kNewAccount, "{}")) == "externalAccountRequired");
  shown = pki::CertificateId{{}, {1, 2}};
  const auto made = node.post(kNewAccount, "{}");
  CHECK(made.status == 201);
  node.kid = header_of(made, "Location");
  CHECK_FALSE(node.obtain({{pki::SubjectName::Kind::dns, "worker-1"}}).empty());
  shown = pki::CertificateId{{}, {9}};
  CHECK(problem_of(former.post(kNewAccount, "{}")) == "unauthorized");
}

TEST_CASE_FIXTURE(ServerFixture, "an expired, a revoked and an unknown invitation, and a wrong key") {
  TestClient client(*this);
  auto& invitation = issuance.invite(worker());
  CHECK(problem_of(client.register_with("kid-worker-1", "wrong key")) == "unauthorized");
  CHECK(problem_of(client.register_with("unknown", invitation.key)) == "unauthorized");
  invitation.revoked = true;
  CHECK(problem_of(client.register_with("kid-worker-1", invitation.key)) == "unauthorized");
  invitation.revoked = false;
  clock.now += std::chrono::hours(25);
  client.nonce.clear();
  CHECK(problem_of(client.register_with("kid-worker-1", invitation.key)) == "unauthorized");
  CHECK(invitation.uses == 1);
}

TEST_CASE_FIXTURE(ServerFixture, "a binding is for this request and this key") {
  TestClient client(*this), other(*this);
  const auto key = issuance.invite(worker()).key;
  const auto refuse = [&](const Json& binding) {
    CHECK(problem_of(register_with_binding(client, binding)) == "malformed");
  };
  refuse(client.binding("kid-worker-1", key, [](Json& header) { header["url"] = kKeyChange; }));
  refuse(client.binding("kid-worker-1", key, [](Json& header) { header["nonce"] = "n"; }));
  refuse(client.binding("kid-worker-1", key, [](Json& header) { header.erase("kid"); }));
  refuse(other.binding("kid-worker-1", key));  // another account's key
  refuse(Json::object());
  refuse("text");
  refuse(crypto::sign_jws({{"kid", "kid-worker-1"}, {"url", kNewAccount}}, client.jwk().dump(), *client.key).value());
  CHECK(issuance.invitations["kid-worker-1"].uses == 1);
  // The payload is compared as a key: more members and another order do no harm.
  Json jwk = client.jwk();
  jwk["use"] = "sig";
  const auto fine = crypto::sign_jws({{"kid", "kid-worker-1"}, {"url", kNewAccount}}, jwk.dump(1),
                                     crypto::Secret(std::string_view(key)));
  CHECK(register_with_binding(client, fine.value()).status == 201);
}

TEST_CASE("without external account binding anybody has an account, up to a number") {
  auto settings = open_to_all();
  settings.max_accounts = 2;
  ServerFixture server(settings);
  TestClient one(server), two(server), three(server);
  CHECK(one.post(kNewAccount, "{}").status == 201);
  CHECK(two.post(kNewAccount, "{}").status == 201);
  const auto refused = three.post(kNewAccount, "{}");
  CHECK(problem_of(refused) == "rateLimited");
  CHECK(refused.status == 429);
  CHECK(one.post(kNewAccount, "{}").status == 200);
}

TEST_CASE_FIXTURE(ServerFixture, "an account reads and changes itself alone") {
  TestClient client(*this);
  client.join(worker());
  CHECK(client.post(client.kid, "{}").status == 200);  // as dehydrated does
  CHECK(client.get(client.kid).status == 200);
  const auto changed = client.post(client.kid, R"({"contact":["mailto:new@example.com"]})");
  CHECK(body_of(changed)["contact"] == Json{"mailto:new@example.com"});
  CHECK(body_of(client.get(client.kid))["contact"] == Json{"mailto:new@example.com"});
  CHECK(problem_of(client.post(client.kid, R"({"contact":["https://x"]})")) == "unsupportedContact");
}

TEST_CASE_FIXTURE(ServerFixture, "a deactivated account is of no more use") {
  TestClient client(*this);
  client.join(worker());
  const auto gone = client.post(client.kid, R"({"status":"deactivated"})");
  CHECK(gone.status == 200);
  CHECK(body_of(gone)["status"] == "deactivated");
  CHECK(problem_of(client.get(client.kid)) == "unauthorized");
  CHECK(problem_of(client.new_order({dns("worker-1")})) == "unauthorized");
  client.kid.clear();
  CHECK(problem_of(client.post(kNewAccount, "{}")) == "unauthorized");
}

TEST_CASE_FIXTURE(ServerFixture, "a key change: the new key works, the old one not, the grant stays") {
  TestClient client(*this);
  client.join(worker());
  auto fresh = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
  const auto answer = client.post(kKeyChange, inner(client, *fresh, Json()).dump());
  CHECK_MESSAGE(answer.status == 200, answer.body);
  CHECK(problem_of(client.get(client.kid)) == "malformed");
  client.key = std::move(fresh);
  CHECK(client.get(client.kid).status == 200);
  CHECK(client.obtain({dns("worker-1")}).starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE_FIXTURE(ServerFixture, "the binding of a key that was changed makes no second account") {
  TestClient client(*this);
  const auto& invitation =
      issuance.invite({"kid-worker-1", "worker-1", pki::Role::worker, {}, clock.now + std::chrono::hours(24)});
  REQUIRE(client.register_with("kid-worker-1", invitation.key).status == 201);
  const auto account = client.kid;
  auto fresh = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
  REQUIRE(client.post(kKeyChange, inner(client, *fresh, Json()).dump()).status == 200);

  TestClient former(*this, std::exchange(client.key, std::move(fresh)));
  const auto refuse = [&] {
    const auto answer = former.register_with("kid-worker-1", invitation.key);
    CHECK(problem_of(answer) == "unauthorized");
    CHECK(header_of(answer, "Location").empty());
  };
  refuse();
  CHECK(invitation.uses == 0);
  CHECK(invitation.thumbprints.size() == 1);
  CHECK(client.get(account).status == 200);
  CHECK(client.obtain({dns("worker-1")}).starts_with("-----BEGIN CERTIFICATE-----"));

  // Nor does it come back when the account is given up.
  CHECK(client.post(account, R"({"status":"deactivated"})").status == 200);
  refuse();
}

TEST_CASE_FIXTURE(ServerFixture, "a key that is in use already: 409 with the Location of its account") {
  TestClient one(*this), two(*this);
  one.join(worker("worker-1"));
  two.join(worker("worker-2"));
  for (const auto* owner : {&one, &two}) {
    const auto answer = one.post(kKeyChange, inner(one, *owner->key, Json()).dump());
    CHECK(answer.status == 409);
    CHECK(header_of(answer, "Location") == owner->kid);
  }
}

TEST_CASE_FIXTURE(ServerFixture, "the inner JWS of a key change is checked") {
  TestClient client(*this);
  client.join(worker());
  const auto fresh = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
  const auto refuse = [&](const Json& jws) { CHECK(problem_of(client.post(kKeyChange, jws.dump())) == "malformed"); };
  refuse(inner(client, *fresh, Json(), [](Json& header) { header["url"] = kNewAccount; }));
  refuse(inner(client, *fresh, Json(), [](Json& header) { header["nonce"] = "n"; }));
  refuse(inner(client, *fresh, Json(), [](Json& header) { header["kid"] = "k"; }));
  refuse(inner(client, *fresh, Json(), [&](Json& header) { header["jwk"] = client.jwk(); }));
  refuse(inner(client, *fresh, {{"account", client.kid + "x"}, {"oldKey", client.jwk()}}));
  refuse(inner(client, *fresh, {{"account", client.kid}, {"oldKey", crypto::to_jwk(*fresh).value()}}));
  refuse(inner(client, *fresh, {{"account", client.kid}}));
  refuse(Json::object());
  CHECK(client.get(client.kid).status == 200);
}
