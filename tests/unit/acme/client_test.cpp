#include "acme/client.hpp"

#include <doctest/doctest.h>
#include <openssl/x509.h>

#include "../net/support/peer.hpp"
#include "../net/support/running_server.hpp"
#include "acme/account_key.hpp"
#include "base/json.hpp"
#include "base/system_clock.hpp"
#include "net/task_group.hpp"
#include "pki/authority.hpp"
#include "support/certificate_request.hpp"
#include "support/plain_signer.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace p2p::test;
using net::Method;
using net::Request;
using net::Response;

namespace {

pki::SubjectName dns_name(const char* text) { return pki::parse_subject_name(text).value(); }

/// A small CA: one account, one order, which is ready at once or waits for http-01 for ever.
struct SmallCa {
  enum class Way : unsigned char { good, other_key, other_name, pending, silent };

  explicit SmallCa(Way chosen) : way(chosen) {
    tls = server_contexts();
    net::Router router;
    add(router, Method::get, "/directory", [this](Request&) { return json(directory().dump()); });
    add(router, Method::get, "/nonce", [this](Request&) { return json(""); });
    add(router, Method::post, "/account", [this](Request&) { return json(R"({"status":"valid"})", "/account/1"); });
    add(router, Method::post, "/order", [this](Request&) { return json(order().dump(), "/order/1"); });
    add(router, Method::post, "/order/1", [this](Request&) { return json(order().dump()); });
    add(router, Method::post, "/finalize", [this](Request& request) {
      issue(request.body);
      return json(order().dump());
    });
    add(router, Method::post, "/authorization", [this](Request&) { return json(authorization().dump()); });
    add(router, Method::post, "/challenge", [this](Request&) {
      challenged = true;
      return json(authorization()["challenges"][0].dump());
    });
    add(router, Method::post, "/certificate", [this](Request&) { return json(chain); });
    add(router, Method::post, "/revoke", [this](Request& request) {
      revoked = jws_part(request.body, "payload");
      return json("");
    });
    add(router, Method::get, "/renewal/{id}", [this](Request& request) {
      renewal_id = request.captured[0];
      Response out = json(R"({"suggestedWindow":{"start":"2025-01-02T04:00:00Z","end":"2025-01-03T04:00:00Z"}})");
      out.headers.add("Retry-After", "21600");
      return out;
    });
    running.emplace(std::move(router), tls.get());
  }

  std::string url(const std::string& path) const { return "https://127.0.0.1:" + std::to_string(running->port) + path; }
  void add(net::Router& router, Method method, const char* path, std::function<Response(Request&)> answer) {
    net::Handler handler = [this, answer = std::move(answer)](Request& request) -> asio::awaitable<Response> {
      if (way == Way::silent && request.path != "/directory") {
        asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::use_awaitable);
      }
      co_return answer(request);
    };
    router.add(make_route(method, path, std::move(handler)));
  }
  Response json(std::string body, const char* location = nullptr) {
    Response out = Response::json(std::move(body));
    out.headers.add("Replay-Nonce", "nonce" + std::to_string(++nonces));
    if (location != nullptr) out.headers.add("Location", url(location));
    return out;
  }
  Json directory() const {
    return {{"newNonce", url("/nonce")},
            {"newAccount", url("/account")},
            {"newOrder", url("/order")},
            {"revokeCert", url("/revoke")},
            {"renewalInfo", url("/renewal")}};
  }
  Json order() const {
    Json out = {{"status", way == Way::pending ? "pending" : "ready"},
                {"authorizations", {url("/authorization")}},
                {"finalize", url("/finalize")}};
    if (!chain.empty()) out["certificate"] = url("/certificate");
    if (!chain.empty()) out["status"] = "valid";
    return out;
  }
  Json authorization() const {
    return {{"status", "pending"},
            {"identifier", {{"type", "dns"}, {"value", "w-1"}}},
            {"challenges",
             {{{"type", "http-01"}, {"url", url("/challenge")}, {"status", "pending"}, {"token", "token-1"}}}}};
  }
  void issue(const std::string& jws) {
    const Json payload = Json::parse(jws_part(jws, "payload"));
    const Bytes der = from_base64url(payload["csr"].get<std::string>()).value();
    const std::uint8_t* at = der.data();
    const std::shared_ptr<X509_REQ> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())), X509_REQ_free);
    const auto other = crypto::generate_key(crypto::KeyType::ecdsa_p256).value();
    const EVP_PKEY& key = way == Way::other_key ? *other : *X509_REQ_get0_pubkey(request.get());
    const auto authority = pki::Authority::make({}, SystemClock().wall()).value();
    pki::LeafRequest leaf;
    leaf.name = way == Way::other_name ? "w-2" : "w-1";
    leaf.extra_names = {dns_name("192.0.2.1")};
    chain = authority.issue(leaf, key, SystemClock().wall()).value().pem() + authority.certificate().pem();
  }
  std::unique_ptr<net::TlsContexts> server_contexts() const {
    const Pem own = root.issue(coordinator("c-1"));
    net::TlsMaterial material;
    material.ca = root.pem();
    material.certificate = own.certificate;
    material.private_key = own.key;
    return std::move(net::TlsContexts::make(material).value());
  }

  Way way;
  Authority root;
  std::unique_ptr<net::TlsContexts> tls;
  std::atomic<bool> challenged{false};
  std::atomic<unsigned> nonces{0};
  std::string chain, revoked, renewal_id;
  std::optional<Running> running;
};

/// The client on the control loop, which is its own.
struct ClientCase {
  explicit ClientCase(SmallCa::Way way = SmallCa::Way::good)
      : ca(way),
        web(control(), net::WebTrust::of_roots(ca.root.pem()).value()),
        responder(ca.running->loops.control(), "127.0.0.1", 0, ca.running->log),
        client(control(), web, account(), clock, ca.running->log) {}
  ~ClientCase() {
    auto close = [](ClientCase* self) -> asio::awaitable<bool> {
      self->web.close();
      co_await self->responder.stop();
      co_return true;
    };
    ca.running->run(close(this));
  }
  asio::any_io_executor control() { return ca.running->loops.control().get_executor(); }
  ClientAccount account() {
    ClientAccount out;
    out.directory_url = ca.url("/directory");
    out.key = &key;
    return out;
  }
  OrderWish wish() const { return {{dns_name("w-1"), dns_name("192.0.2.1")}, request.der, {}}; }
  ClientResult<Obtained> obtain(std::chrono::milliseconds time = 20s) {
    return ca.running->run(client.obtain(wish(), responder, time));
  }

  SmallCa ca;
  SystemClock clock;
  AccountKey key = std::move(AccountKey::generate().value());
  NewRequest request = make_request("DNS:w-1,IP:192.0.2.1");
  net::WebClient web;
  ChallengeResponder responder;
  Client client;
};

}  // namespace

TEST_CASE("a certificate is obtained over one connection, and the account is known afterwards") {
  ClientCase c;
  const auto obtained = c.obtain();
  REQUIRE(obtained.has_value());
  CHECK(obtained->chain_pem == c.ca.chain);
  CHECK(c.client.account_url() == c.ca.url("/account/1"));
  CHECK(c.ca.running->server.counters().connections == 1);
}

TEST_CASE("a certificate for another key or name is not taken") {
  for (const auto way : {SmallCa::Way::other_key, SmallCa::Way::other_name}) {
    ClientCase c(way);
    const auto obtained = c.obtain();
    REQUIRE_FALSE(obtained.has_value());
    CHECK(obtained.error().error.kind() == Errc::damaged);
  }
}

TEST_CASE("revocation sends certificate and reason") {
  ClientCase c;
  CHECK(c.ca.running->run(c.client.revoke(to_bytes("der"), 4)).has_value());
  CHECK(Json::parse(c.ca.revoked) == Json::parse(R"({"certificate":"ZGVy","reason":4})"));  // printf der | base64
}

TEST_CASE("the CA's window is asked for by the certificate's id") {
  ClientCase c;
  const auto info = c.ca.running->run(c.client.renewal_info("aki.serial"));
  REQUIRE(info.has_value());
  CHECK(c.ca.renewal_id == "aki.serial");
  CHECK(info->window.end - info->window.start == 24h);
  CHECK(info->ask_again_after == 6h);
}

TEST_CASE("an order that stays pending ends with its time, and the port is closed again") {
  ClientCase c(SmallCa::Way::pending);
  const auto obtained = c.obtain(1500ms);
  REQUIRE_FALSE(obtained.has_value());
  CHECK(obtained.error().error.kind() == Errc::timeout);
  CHECK(c.ca.challenged);
  CHECK(c.responder.port() == 0);
}

TEST_CASE("a server that does not answer costs no more than the time") {
  ClientCase c(SmallCa::Way::silent);
  CHECK(c.obtain(100ms).error().error.kind() == Errc::timeout);
}

TEST_CASE("a cancelled order closes the port and is over") {
  ClientCase c(SmallCa::Way::pending);
  auto begin = [](ClientCase* self, std::optional<net::TaskGroup>* tasks) -> asio::awaitable<bool> {
    auto work = [](ClientCase* on) -> asio::awaitable<void> {
      static_cast<void>(co_await on->client.obtain(on->wish(), on->responder, 60s));
    };
    tasks->emplace(co_await asio::this_coro::executor, self->ca.running->log);
    (*tasks)->start("order", work(self));
    co_return true;
  };
  std::optional<net::TaskGroup> tasks;
  c.ca.running->run(begin(&c, &tasks));
  CHECK(eventually([&] { return c.ca.challenged.load(); }));
  CHECK(c.ca.running->run(tasks->stop(20s)));
  CHECK(c.responder.port() == 0);
}
