#include "net/client.hpp"

#include <doctest/doctest.h>

#include "net/streamed_body.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

std::unique_ptr<TlsContexts> contexts(const Authority& authority, const std::optional<Leaf>& leaf,
                                      const std::string& cluster = "p2p") {
  TlsMaterial material;
  material.ca = authority.pem();
  material.cluster_name = cluster;
  if (leaf) {
    const Pem own = authority.issue(*leaf);
    material.certificate = own.certificate;
    material.private_key = own.key;
  }
  return std::move(TlsContexts::make(material).value());
}

asio::awaitable<Response> describe(Request& request) {
  std::string text = request.caller.identity ? request.caller.identity->name : "nobody";
  co_return Response::text(text + " " + std::string(request.headers.get("X-Test")) + " " + request.body);
}
asio::awaitable<Response> large(Request&) { co_return Response::text(std::string(1 << 20, 'x')); }

/// 20 MiB, more than a client takes at once.
struct ManyPieces final : StreamedBody {
  asio::awaitable<void> write_to(BodyWriter& out) override {
    const std::string piece(64 << 10, 'x');
    for (int i = 0; i < 320; ++i) {
      const auto written = co_await out.write(piece);
      if (!written) co_return;
    }
  }
};
asio::awaitable<Response> endless(Request&) {
  Response response;
  response.streamed = std::make_shared<ManyPieces>();
  co_return response;
}

/// A coordinator c-1 that serves, and a client with the given contexts on its control loop.
struct Pair {
  explicit Pair(const std::optional<Leaf>& client_leaf = worker("w-1"), const Leaf& server_leaf = coordinator("c-1"))
      : server_tls(contexts(authority, server_leaf)), client_tls(contexts(authority, client_leaf)) {
    Router router;
    router.add(make_route(Method::get, "/describe", describe));
    router.add(make_route(Method::post, "/describe", describe));
    router.add(make_route(Method::get, "/large", large));
    router.add(make_route(Method::get, "/endless", endless));
    Handler wait = [this](Request&) { return wait_for_cancellation(began, ended); };
    router.add(make_route(Method::post, "/wait", std::move(wait)));
    running.emplace(std::move(router), server_tls.get());
    client = std::make_unique<Client>(running->loops.control().get_executor(), *client_tls, running->log);
  }
  ~Pair() {
    auto close = [](Pair* self) -> asio::awaitable<bool> {
      self->client.reset();
      co_return true;
    };
    running->run(close(this));
  }

  Call make(const std::string& target, Method method = Method::get) const {
    Call call;
    call.endpoint = {"127.0.0.1", running->port};
    call.method = method;
    call.target = target;
    call.timeout = 20s;
    return call;
  }
  CallResult run(Call call) { return running->run(client->call(std::move(call))); }
  std::string refusal(const ExpectedPeer& peer) {
    Call call = make("/describe");
    call.peer = peer;
    const auto outcome = run(std::move(call));
    if (outcome) return "answered";
    CHECK_FALSE(outcome.error().sent);
    CHECK(outcome.error().error.kind() == Errc::unreachable);
    return outcome.error().error.context;
  }

  Authority authority;
  std::unique_ptr<TlsContexts> server_tls, client_tls;
  std::atomic<bool> began{false}, ended{false};
  std::optional<Running> running;
  std::unique_ptr<Client> client;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("endpoints are read and written") {
  CHECK(parse_endpoint("a.example:8001", 1).value() == Endpoint{"a.example", 8001});
  CHECK(parse_endpoint("a", 8001).value() == Endpoint{"a", 8001});
  CHECK(parse_endpoint("10.0.0.1:80", 1).value() == Endpoint{"10.0.0.1", 80});
  CHECK(parse_endpoint("[::1]:80", 1).value() == Endpoint{"::1", 80});
  CHECK(parse_endpoint("[fe80::1]", 5).value() == Endpoint{"fe80::1", 5});
  CHECK(parse_endpoint("::1", 5).value() == Endpoint{"::1", 5});
  CHECK(Endpoint{"::1", 80}.to_text() == "[::1]:80");
  CHECK(Endpoint{"a", 80}.to_text() == "a:80");
  for (const char* text : {"", ":80", "a:", "a:0", "a:65536", "a:80x", "a b:80", "[::1:80", "[a]:80", "a:80:90", "a/b",
                           "http://a", "[::1]80", "a:-1", "a\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text, 8001).has_value());
  }
}

TEST_CASE("a call carries method, headers and body, and its caller's certificate") {
  Pair pair;
  Call call = pair.make("/describe", Method::post);
  call.headers.add("X-Test", "seen");
  call.body = "body";
  const auto outcome = pair.run(std::move(call));
  REQUIRE(outcome.has_value());
  CHECK(outcome->status == 200);
  CHECK(outcome->body == "w-1 seen body");
  CHECK(outcome->headers.get("content-type") == "text/plain; charset=utf-8");
}

TEST_CASE("a client with only a token speaks http/1.1 and checks the server all the same") {
  Pair pair(std::nullopt);
  CHECK(pair.run(pair.make("/describe"))->body == "nobody  ");
  CHECK(has(pair.refusal({.node_id = "c-2"}), "the peer is \"c-1\", not \"c-2\""));
}

TEST_CASE("one connection carries many calls, and several run at once") {
  Pair pair;
  for (int i = 0; i < 20; ++i) REQUIRE(pair.run(pair.make("/describe")).has_value());
  CHECK(pair.running->server.counters().connections == 1);
  // The connections of a burst serve the next one.
  for (int burst = 0; burst < 3; ++burst) {
    std::vector<std::future<CallResult>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(pair.running->begin(pair.client->call(pair.make("/large"))));
    for (auto& call : calls) CHECK(call.get()->body.size() == 1 << 20);
    CHECK(pair.running->server.counters().connections <= 20);
  }
}

TEST_CASE("HEAD has the length and no body, and the connection goes on") {
  Pair pair;
  const auto outcome = pair.run(pair.make("/large", Method::head));
  CHECK(outcome->headers.get("Content-Length") == "1048576");
  CHECK(outcome->body.empty());
  CHECK(pair.run(pair.make("/describe"))->status == 200);
  CHECK(pair.running->server.counters().connections == 1);
}

TEST_CASE("the peer must be the one that is wanted, before anything is sent") {
  Pair pair;
  CHECK(pair.refusal({}) == "answered");
  CHECK(pair.refusal({.node_id = "c-1"}) == "answered");
  CHECK(pair.refusal({.node_id = "c-1", .role = pki::Role::coordinator}) == "answered");
  CHECK(has(pair.refusal({.node_id = "w-2"}), "the peer is \"c-1\", not \"w-2\""));
  CHECK(has(pair.refusal({.node_id = "c-1", .role = pki::Role::worker}), "\"c-1\" is a coordinator, not a worker"));
  CHECK(pair.running->server.counters().requests == 3);

  Pair to_worker(worker("w-1"), worker("w-2"));
  CHECK(has(to_worker.refusal({}), "\"w-2\" is a worker, not a coordinator"));
  CHECK(to_worker.refusal({.node_id = "w-2"}) == "answered");
  Pair to_operator(worker("w-1"), operator_("alice"));
  CHECK(has(to_operator.refusal({.node_id = "alice"}), "is an operator, not a node"));
}

TEST_CASE("a foreign, expired or revoked server is refused") {
  Pair pair;
  const auto dial = [&](Listening& listening, const Pem& shown, const std::string& alpn) {
    Call call = pair.make("/describe");
    call.endpoint.port = listening.port();
    auto future = pair.running->begin(pair.client->call(std::move(call)));
    Peer server = listening.accept();
    if (server.accept_tls(shown, alpn)) CHECK(server.is_closed());
    server.close();
    const auto outcome = future.get();
    REQUIRE_FALSE(outcome.has_value());
    CHECK_FALSE(outcome.error().sent);
    return outcome.error().error.context;
  };
  Listening listening;
  Leaf expired = coordinator("c-1");
  expired.ends_seconds = -60;
  Leaf other = coordinator("c-1");
  other.uris = {"spiffe://shop/coordinator/c-1"};
  CHECK(has(dial(listening, pair.authority.issue(expired), "p2p/1"), "certificate has expired"));
  CHECK(has(dial(listening, Authority("foreign").issue(coordinator("c-1")), "p2p/1"), "is refused"));
  CHECK(has(dial(listening, pair.authority.issue(other), "p2p/1"), "of the cluster \"shop\", not \"p2p\""));
  CHECK(has(dial(listening, pair.authority.issue(coordinator("c-1")), ""), "does not speak p2p/1"));
  pair.client_tls->set_revocation_check([](ByteView, ByteView) { return true; });
  CHECK(has(dial(listening, pair.authority.issue(coordinator("c-1")), "p2p/1"), "is revoked"));
}

TEST_CASE("a server that refuses this client says why") {
  Pair pair;
  pair.server_tls->set_revocation_check([](ByteView, ByteView) { return true; });
  const auto outcome = pair.run(pair.make("/describe"));
  REQUIRE_FALSE(outcome.has_value());
  const std::string& why = outcome.error().error.context;
  CAPTURE(why);
  CHECK(has(why, "this certificate was revoked (TLS: "));
  CHECK(has(why, "alert"));
}

TEST_CASE("the time allowed covers everything, and says whether the request went out") {
  Pair pair;
  Call call = pair.make("/wait", Method::post);
  call.timeout = 50ms;
  const auto unanswered = pair.run(call);
  CHECK(unanswered.error().error.kind() == Errc::timeout);
  CHECK(unanswered.error().sent);
  CHECK(eventually([&] { return pair.ended.load(); }));

  Listening silent;  // takes the connection and never shakes hands
  call.endpoint.port = silent.port();
  const auto unshaken = pair.run(call);
  CHECK(unshaken.error().error.kind() == Errc::timeout);
  CHECK_FALSE(unshaken.error().sent);
}

TEST_CASE("nobody there is unreachable, a name that does not resolve too") {
  Pair pair;
  Call call = pair.make("/describe");
  {
    Listening gone;
    call.endpoint.port = gone.port();
  }
  const auto refused = pair.run(call);
  CHECK(refused.error().error.kind() == Errc::unreachable);
  CHECK(has(refused.error().error.context, "Connection refused"));
  CHECK_FALSE(refused.error().sent);
  call.endpoint.host = "no-such-host.invalid";
  CHECK(pair.run(call).error().error.kind() == Errc::unreachable);
}

TEST_CASE("a name is resolved") {
  Pair pair;
  Call call = pair.make("/describe");
  call.endpoint.host = "localhost";
  CHECK(pair.run(call)->status == 200);
}

TEST_CASE("an answer over the limit is too_large") {
  Pair pair;
  Call call = pair.make("/large");
  call.max_response_bytes = 1000;
  CHECK(pair.run(call).error().error.kind() == Errc::too_large);
}

TEST_CASE("close ends calls in flight with cancelled, and later ones at once") {
  Pair pair;
  auto call = pair.running->begin(pair.client->call(pair.make("/wait", Method::post)));
  CHECK(eventually([&] { return pair.began.load(); }));
  auto close = [](Client& client) -> asio::awaitable<bool> {
    client.close();
    co_return true;
  };
  pair.running->run(close(*pair.client));
  CHECK(call.get().error().error.kind() == Errc::cancelled);
  CHECK(pair.run(pair.make("/describe")).error().error.kind() == Errc::cancelled);
}

namespace {

/// A client without TLS, and a server of the test's own.
struct Plain {
  Plain() : client(std::make_unique<Client>(running.loops.control().get_executor(), *tls, running.log)) {}
  ~Plain() {
    auto close = [](Plain* self) -> asio::awaitable<bool> {
      self->client.reset();
      co_return true;
    };
    running.run(close(this));
  }
  std::future<CallResult> begin(Method method) {
    Call call;
    call.endpoint = {"127.0.0.1", listening.port()};
    call.method = method;
    call.target = "/";
    call.timeout = 20s;
    return running.begin(client->call(std::move(call)));
  }
  Running running{Router{}};
  Listening listening;
  std::unique_ptr<TlsContexts> tls = TlsContexts::plain();
  std::unique_ptr<Client> client;
};

constexpr char kEmptyAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("a kept connection that breaks as it is used again: GET is repeated, POST is not") {
  for (const Method method : {Method::get, Method::post}) {
    Plain plain;
    auto first = plain.begin(method);
    Peer server = plain.listening.accept();
    server.receive_head();
    server.send(kEmptyAnswer);
    REQUIRE(first.get().has_value());
    auto second = plain.begin(method);
    CHECK_FALSE(server.receive_head().empty());
    server.close();
    if (method == Method::post) {
      const auto outcome = second.get();
      REQUIRE_FALSE(outcome.has_value());
      CHECK(outcome.error().sent);
    } else {
      Peer again = plain.listening.accept();
      again.receive_head();
      again.send(kEmptyAnswer);
      CHECK(second.get()->status == 200);
    }
  }
}

TEST_CASE("a kept connection that was closed meanwhile is not used") {
  Plain plain;
  auto first = plain.begin(Method::post);
  {
    Peer server = plain.listening.accept();
    server.receive_head();
    server.send(kEmptyAnswer);
    REQUIRE(first.get().has_value());
  }
  auto second = plain.begin(Method::post);
  Peer again = plain.listening.accept();
  again.receive_head();
  again.send(kEmptyAnswer);
  CHECK(second.get()->status == 200);
}

TEST_CASE("of the connections to ever more peers no more than 1024 are kept") {
  Plain plain;
  Router router;
  router.add(make_route(Method::get, "/describe", describe));
  Running many(std::move(router));
  for (int i = 0; i < 1030; ++i) {
    Call call;
    call.endpoint = {"127.0.0.1", many.port};
    call.peer.node_id = "w-" + std::to_string(i);
    call.target = "/describe";
    const auto answer = plain.running.run(plain.client->call(std::move(call)));
    REQUIRE(answer.has_value());
  }
  CHECK(eventually([&] { return many.server.counters().open_connections == 1024; }));
}

TEST_CASE("answers in every framing are read, and broken ones are damaged") {
  const auto answer = [](const std::string& text) {
    Plain plain;
    auto call = plain.begin(Method::get);
    Peer server = plain.listening.accept();
    server.receive_head();
    server.send(text);
    server.close();
    return call.get();
  };
  CHECK(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")->body == "abc");
  CHECK(answer("HTTP/1.1 200 OK\r\n\r\nto the end")->body == "to the end");
  CHECK(answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")->status == 204);
  for (const char* broken : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "nonsense\r\n\r\n",
                             "HTTP/1.1 200 OK\nA: b\n\n"}) {
    CAPTURE(broken);
    const auto outcome = answer(broken);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().error.kind() == Errc::damaged);
    CHECK(outcome.error().sent);
  }
}

TEST_CASE("without TLS only this machine is called") {
  Plain plain;
  Call call;
  call.endpoint = {"192.0.2.1", 80};
  call.target = "/";
  const auto outcome = plain.running.run(plain.client->call(std::move(call)));
  CHECK(outcome.error().error.kind() == Errc::not_permitted);
}

TEST_CASE("a body that is taken as it comes may be longer than what is kept of it") {
  Pair pair;
  std::size_t taken = 0, most = 0;
  Call call = pair.make("/endless");
  call.max_response_bytes = 1 << 20;
  SUBCASE("taken") {
    call.on_body = [&](Answer& so_far) -> Result<void> {
      most = std::max(most, so_far.body.size());
      taken += std::exchange(so_far.body, {}).size();
      return {};
    };
    const CallResult outcome = pair.run(std::move(call));
    REQUIRE(outcome.has_value());
    CHECK(outcome->body.empty());
    CHECK(taken == 20 << 20);
    CHECK(most <= 1 << 20);
  }
  SUBCASE("left") {
    call.on_body = [](Answer&) -> Result<void> { return {}; };
    CHECK(pair.run(std::move(call)).error().error.kind() == Errc::too_large);
  }
  SUBCASE("refused") {
    call.on_body = [](Answer&) -> Result<void> { return Error(Errc::damaged, "enough"); };
    const CallResult outcome = pair.run(std::move(call));
    CHECK(outcome.error().error.kind() == Errc::damaged);
    CHECK(outcome.error().sent);
  }
}
