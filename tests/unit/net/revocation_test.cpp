// A certificate that is revoked while its owner is connected: what is open is dropped, on both sides, and nothing new
// comes about.
#include <doctest/doctest.h>

#include "net/client.hpp"
#include "net/tls_words.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

constexpr long kServerSerial = 0x0a;
constexpr long kClientSerial = 0x14;

Leaf numbered(Leaf leaf, long serial) {
  leaf.serial = serial;
  return leaf;
}

std::unique_ptr<TlsContexts> contexts(const Authority& authority, const Leaf& leaf) {
  TlsMaterial material;
  const Pem own = authority.issue(leaf);
  material.certificate = own.certificate;
  material.private_key = own.key;
  material.ca = authority.pem();
  return std::move(TlsContexts::make(material).value());
}

asio::awaitable<void> hold(Request, ChannelPtr channel) { (void)co_await channel->receive(); }

/// c-1 serves, w-1 calls; either can be told that the other's certificate has been revoked.
struct Pair {
  Pair() {
    Router router;
    Handler answer = [](Request&) -> asio::awaitable<Response> { co_return Response::text("answered"); };
    router.add(make_route(Method::get, "/now", std::move(answer)));
    Handler wait = [this](Request&) { return wait_for_cancellation(began, ended); };
    router.add(make_route(Method::get, "/wait", std::move(wait)));
    Route channel;
    channel.pattern = "/channel";
    channel.permission = auth::Permission::node;
    channel.channel_handler = hold;
    router.add(std::move(channel));
    running.emplace(std::move(router), server_tls.get());
    client = std::make_unique<Client>(running->loops.control().get_executor(), *client_tls, running->log);
  }
  ~Pair() {
    on_loop([this] { client.reset(); });
  }

  void on_loop(const std::function<void()>& what) {
    auto task = [](const std::function<void()>& run) -> asio::awaitable<bool> {
      run();
      co_return true;
    };
    running->run(task(what));
  }
  Call make(const std::string& target) const {
    Call call;
    call.endpoint = {"127.0.0.1", running->port};
    call.target = target;
    call.timeout = 20s;
    return call;
  }
  std::string get(const std::string& target) {
    const auto outcome = running->run(client->call(make(target)));
    return outcome ? outcome->body : outcome.error().error.context;
  }
  Result<ChannelPtr> open_channel() {
    return running->run(client->open_channel({"127.0.0.1", running->port}, {}, "/channel", {}, {}, 20s));
  }

  /// It ends, and not with a message.
  bool breaks(const ChannelPtr& channel) {
    auto end = running->begin(channel->receive());
    return end.wait_for(20s) == std::future_status::ready && !end.get();
  }

  static pki::RevocationCheck revokes(long serial) {
    return [serial](ByteView issuer_key_id, ByteView number) {
      return issuer_key_id.size() == 20 && number.size() == 1 && number[0] == serial;
    };
  }
  static std::function<bool(const auth::Caller&)> whose(pki::RevocationCheck check) {
    return [check = std::move(check)](const auth::Caller& caller) {
      return caller.certificate && check(caller.certificate->issuer_key_id, caller.certificate->serial);
    };
  }
  void revoke_client() {
    server_tls->set_revocation_check(revokes(kClientSerial));
    running->server.drop_connections(whose(revokes(kClientSerial)));
  }
  void revoke_server() {
    client_tls->set_revocation_check(revokes(kServerSerial));
    on_loop([this] { client->drop(whose(revokes(kServerSerial)), "its peer is no longer trusted"); });
  }

  Authority authority;
  std::unique_ptr<TlsContexts> server_tls = contexts(authority, numbered(coordinator("c-1"), kServerSerial));
  std::unique_ptr<TlsContexts> client_tls = contexts(authority, numbered(worker("w-1"), kClientSerial));
  std::atomic<bool> began{false}, ended{false};
  std::optional<Running> running;
  std::unique_ptr<Client> client;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a server drops the calls, channels and idle connections of a revoked client, and refuses it from then on") {
  Pair pair;
  auto waiting = pair.running->begin(pair.client->call(pair.make("/wait")));
  CHECK(eventually([&] { return pair.began.load(); }));
  const auto channel = pair.open_channel().value();
  Peer idle(pair.running->port);
  REQUIRE(idle.start_tls(
      {.alpn = "p2p/1", .own = pair.authority.issue(numbered(worker("w-1"), kClientSerial)), .trusted_ca = {}}));
  pair.revoke_client();
  CHECK_FALSE(waiting.get().has_value());
  CHECK(eventually([&] { return pair.ended.load(); }));
  CHECK(pair.breaks(channel));
  CHECK(idle.is_closed());
  CHECK(refusal_in(pair.get("/now")).value_or("") == "certificate revoked");
  CHECK(eventually([&] { return pair.running->log.has("the certificate of \"w-1\" is revoked"); }));
}

TEST_CASE("a client drops the calls, channels and idle connections of a revoked server, and refuses it from then on") {
  Pair pair;
  CHECK(pair.get("/now") == "answered");
  auto waiting = pair.running->begin(pair.client->call(pair.make("/wait")));
  CHECK(eventually([&] { return pair.began.load(); }));
  const auto channel = pair.open_channel().value();
  CHECK(pair.get("/now") == "answered");
  CHECK(pair.running->server.counters().open_connections == 3);
  pair.revoke_server();
  const auto outcome = waiting.get();
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().error.kind() == Errc::unreachable);
  CHECK(has(outcome.error().error.context, "no longer trusted"));
  CHECK(outcome.error().sent);
  CHECK(pair.breaks(channel));
  CHECK(eventually([&] { return pair.running->server.counters().open_connections == 0; }));
  CHECK(has(pair.get("/now"), "the certificate of \"c-1\" is revoked"));
  CHECK_FALSE(pair.open_channel().has_value());
}

TEST_CASE("nobody else is dropped") {
  Pair pair;
  const auto channel = pair.open_channel().value();
  CHECK(pair.get("/now") == "answered");
  pair.server_tls->set_revocation_check(pair.revokes(kServerSerial));
  pair.running->server.drop_connections(Pair::whose(pair.revokes(kServerSerial)));
  pair.on_loop([&] { pair.client->drop(Pair::whose(pair.revokes(kClientSerial)), "its peer is no longer trusted"); });
  CHECK(pair.get("/now") == "answered");
  CHECK(pair.running->server.counters().connections == 2);
  CHECK(pair.running->server.counters().open_connections == 2);
}

TEST_CASE("a peer without a certificate is nobody's to revoke") {
  Pair pair;
  Peer browser(pair.running->port);
  REQUIRE(browser.start_tls({.alpn = "http/1.1", .own = {}, .trusted_ca = pair.authority.pem()}));
  pair.server_tls->set_revocation_check([](ByteView, ByteView) { return true; });
  pair.running->server.drop_connections(Pair::whose([](ByteView, ByteView) { return true; }));
  browser.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(browser.receive().body == "answered");
}
