#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::test;

namespace {

/// The one authorization of a new order for this name.
struct Pending {
  Pending(TestClient& client, const pki::SubjectName& name) : order(client.order({name})) {
    authorization = body_of(client.get(order))["authorizations"][0];
    const Json body = body_of(client.get(authorization));
    challenge = body["challenges"][0]["url"];
    token = body["challenges"][0]["token"];
    CHECK(body["status"] == "pending");
    CHECK(body["challenges"].size() == 1);
    CHECK(body["challenges"][0]["type"] == "http-01");
    CHECK(body["challenges"][0]["status"] == "pending");
  }
  std::string order, authorization, challenge, token;
};

std::string status(TestClient& client, const std::string& url) { return body_of(client.get(url))["status"]; }

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "a name outside the invitation is validated by http-01") {
  TestClient client(*this);
  client.join(worker());
  const Pending pending(client, ip("10.0.0.1"));
  CHECK(from_base64url(pending.token).value().size() >= 16);
  validator.hold = true;
  const auto begun = client.post(pending.challenge, "{}");
  CHECK(begun.status == 200);
  CHECK(body_of(begun)["status"] == "processing");
  CHECK(body_of(begun)["url"] == pending.challenge);
  CHECK(link_of(begun, "up") == pending.authorization);
  CHECK(header_of(begun, "Retry-After") == "1");
  run_until([&] { return !validator.asked.empty(); });
  CHECK(validator.asked.front() == "10.0.0.1 " + pending.token + " " + pending.token + "." + client.thumbprint());
  const auto waiting = client.get(pending.authorization);
  CHECK(body_of(waiting)["status"] == "pending");
  CHECK(header_of(waiting, "Retry-After") == "1");
  CHECK(status(client, pending.order) == "pending");
  validator.release();
  settle();
  CHECK(status(client, pending.challenge) == "valid");
  CHECK(status(client, pending.authorization) == "valid");
  CHECK(status(client, pending.order) == "ready");
  CHECK(body_of(client.get(pending.challenge))["validated"].get<std::string>().ends_with("Z"));
}

TEST_CASE_FIXTURE(ServerFixture, "a repeated POST answers the present state and asks nobody again") {
  TestClient client(*this);
  client.join(worker());
  const Pending pending(client, ip("10.0.0.1"));
  validator.hold = true;
  client.post(pending.challenge, "{}");
  const auto again = client.post(pending.challenge, "{}");
  CHECK(again.status == 200);
  CHECK(body_of(again)["status"] == "processing");
  validator.release();
  settle();
  const auto late = client.post(pending.challenge, "{}");
  CHECK(late.status == 200);
  CHECK(body_of(late)["status"] == "valid");
  CHECK(link_of(late, "up") == pending.authorization);
  settle();
  CHECK(validator.asked.size() == 1);
}

TEST_CASE_FIXTURE(ServerFixture, "an empty payload only reads the challenge") {
  TestClient client(*this);
  client.join(worker());
  const Pending pending(client, ip("10.0.0.1"));
  CHECK(status(client, pending.challenge) == "pending");
  settle();
  CHECK(validator.asked.empty());
  CHECK(problem_of(client.post(pending.challenge, "7")) == "malformed");
}

TEST_CASE_FIXTURE(ServerFixture, "a failed validation makes everything invalid and says why") {
  TestClient client(*this);
  client.join(worker());
  struct Case {
    Errc kind;
    std::string type;
  };
  int number = 1;
  for (const auto& [kind, type] :
       {Case{Errc::not_found, "dns"}, Case{Errc::unreachable, "connection"}, Case{Errc::timeout, "connection"},
        Case{Errc::not_permitted, "unauthorized"}, Case{Errc::too_large, "unauthorized"}}) {
    const auto name = ip("10.0.0." + std::to_string(number++));
    validator.failures.emplace(name.text, Error(kind, "that is why"));
    const Pending pending(client, name);
    client.post(pending.challenge, "{}");
    settle();
    const Json challenge = body_of(client.get(pending.challenge));
    CHECK(challenge["status"] == "invalid");
    CHECK(challenge["error"]["type"] == "urn:ietf:params:acme:error:" + type);
    CHECK(challenge["error"]["detail"] == "that is why");
    CHECK(status(client, pending.authorization) == "invalid");
    CHECK(status(client, pending.order) == "invalid");
  }
}

TEST_CASE_FIXTURE(ServerFixture, "a validated name is not asked for again, while that lasts") {
  TestClient client(*this), other(*this);
  client.join(worker("worker-1"));
  other.join(worker("worker-2"));
  client.obtain({ip("10.0.0.1")});
  CHECK(status(client, client.order({ip("10.0.0.1")})) == "ready");
  CHECK(status(other, other.order({ip("10.0.0.1")})) == "pending");
  clock.now += settings.authorization_lifetime - settings.order_lifetime + std::chrono::seconds(1);
  client.nonce.clear();
  CHECK(status(client, client.order({ip("10.0.0.1")})) == "pending");
}

TEST_CASE("authorizations are not reused where that is not wanted") {
  acme::ServerSettings settings;
  settings.reuse_authorizations = false;
  ServerFixture server(settings);
  TestClient client(server);
  client.join(server.worker());
  client.obtain({ip("10.0.0.1")});
  CHECK(status(client, client.order({ip("10.0.0.1")})) == "pending");
}

TEST_CASE_FIXTURE(ServerFixture,
                  "a deactivated authorization ends its order, and a validation under way changes nothing") {
  TestClient client(*this);
  client.join(worker());
  const Pending pending(client, ip("10.0.0.1"));
  validator.hold = true;
  client.post(pending.challenge, "{}");
  const auto gone = client.post(pending.authorization, R"({"status":"deactivated"})");
  CHECK(body_of(gone)["status"] == "deactivated");
  validator.release();
  settle();
  CHECK(status(client, pending.authorization) == "deactivated");
  CHECK(status(client, pending.order) == "invalid");
  CHECK(problem_of(client.post(pending.authorization, R"({"status":"deactivated"})")) == "malformed");
}

TEST_CASE("only so many validations run at once; the others wait") {
  acme::ServerSettings settings;
  settings.max_validations = 8;  // of which an account has a quarter
  ServerFixture server(settings);
  TestClient client(server);
  client.join(server.worker());
  server.validator.hold = true;
  std::vector<Pending> all;
  for (int i = 1; i <= 4; ++i) {
    all.emplace_back(client, ip("10.0.0." + std::to_string(i)));
    client.post(all.back().challenge, "{}");
  }
  CHECK(server.validator.asked.size() == 2);
  server.restart();  // takes up all four at once
  boost::asio::co_spawn(server.loop, server.server->run(), boost::asio::detached);
  server.run_until([&] { return server.validator.asked.size() >= 4; });
  client.nonce.clear();
  CHECK(client.get(client.kid).status == 200);
  CHECK(server.validator.asked.size() == 4);
  server.validator.release();
  server.settle();
  CHECK(server.validator.asked.size() == 6);
  for (const auto& one : all) CHECK(status(client, one.order) == "ready");
}

TEST_CASE("an account whose names do not answer makes no other wait") {
  acme::ServerSettings settings;
  settings.max_validations = 8;
  ServerFixture server(settings);
  TestClient one(server), two(server);
  one.join(server.worker("worker-1"));
  two.join(server.worker("worker-2"));
  server.validator.hold = true;
  std::vector<Pending> many;
  for (int i = 1; i <= 9; ++i) {
    many.emplace_back(one, ip("10.0.0." + std::to_string(i)));
    one.post(many.back().challenge, "{}");
  }
  const Pending other(two, ip("10.0.1.1"));
  two.post(other.challenge, "{}");
  server.run_until([&] { return server.validator.asked.size() == 3; });
  CHECK(server.validator.asked.back().starts_with("10.0.1.1 "));
  server.validator.release();
  server.settle();
  CHECK(server.validator.asked.size() == 10);
}

TEST_CASE_FIXTURE(ServerFixture, "a node is asked as one, another program is not") {
  TestClient node(*this), web(*this);
  node.join(worker());
  auto grant = worker("shop");
  grant.role.reset();
  web.join(grant);
  for (auto* client : {&node, &web}) {
    const Pending pending(*client, ip("10.0.0.1"));
    client->post(pending.challenge, "{}");
    settle();
  }
  CHECK(validator.applicants == std::vector{acme::Applicant::node, acme::Applicant::other});
}

TEST_CASE_FIXTURE(ServerFixture, "a restart takes up validations that were under way") {
  TestClient client(*this);
  client.join(worker());
  const Pending pending(client, ip("10.0.0.1"));
  validator.hold = true;
  client.post(pending.challenge, "{}");
  run_until([&] { return !validator.asked.empty(); });
  restart();
  validator.hold = false;
  boost::asio::co_spawn(loop, server->run(), boost::asio::detached);
  run_until([&] { return validator.asked.size() == 2; });
  client.nonce.clear();
  run_until([&] { return store->processing_authorizations().value().empty(); });
  CHECK(status(client, pending.order) == "ready");
}

TEST_CASE("without an invitation every name is validated") {
  ServerFixture server(open_to_all());
  TestClient client(server);
  client.kid = header_of(client.post(std::string(kBase) + "/acme/new-account", "{}"), "Location");
  const Pending pending(client, dns("host.example"));
  client.post(pending.challenge, "{}");
  server.settle();
  CHECK(status(client, pending.order) == "ready");
  CHECK(server.validator.asked.size() == 1);
}
