// Deadlines, caps, permissions, cancellation and shutdown of the server.
#include <doctest/doctest.h>

#include <numeric>

#include <boost/asio/post.hpp>

#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

asio::awaitable<Response> name_of_caller(Request& request) {
  co_return Response::text(request.caller.identity ? request.caller.identity->name : "nobody");
}

std::string get_request(const std::string& path, const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

bool listens(std::uint16_t port) {
  try {
    Peer probe(port);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// One open route, and one that waits until cancelled.
struct Waiting {
  std::atomic<bool> began{false}, ended{false};
  Router routes() {
    Router router;
    router.add(make_route(Method::get, "/hello", name_of_caller));
    Handler handler = [this](Request&) { return wait_for_cancellation(began, ended); };
    router.add(make_route(Method::get, "/wait", std::move(handler)));
    return router;
  }
};

}  // namespace

TEST_CASE("a head that does not get finished is answered with 408") {
  ServerOptions options = Running::local();
  options.limits.head = 20ms;
  Running running(Waiting{}.routes(), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send("GET /hello HTTP/1.1\r\nHo"));
  CHECK(peer.receive().status == 408);
  CHECK(peer.is_closed());
}

TEST_CASE("a body that does not come is answered with 408") {
  ServerOptions options = Running::local();
  options.limits.body = 20ms;
  Router router;
  router.add(make_route(Method::post, "/hello", name_of_caller));
  Running running(std::move(router), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"));
  CHECK(peer.receive().status == 408);
}

TEST_CASE("an idle connection is closed without a word") {
  ServerOptions options = Running::local();
  options.limits.idle = 20ms;
  Running running(Waiting{}.routes(), nullptr, options);
  Peer fresh(running.port), used(running.port);
  REQUIRE(used.send(get_request("/hello")));
  CHECK(used.receive().status == 200);
  CHECK(fresh.is_closed());
  CHECK(used.is_closed());
}

TEST_CASE("a client that does not read its answer is dropped") {
  ServerOptions options = Running::local();
  options.limits.write = 20ms;
  options.limits.slowest_bytes_per_second = 1 << 30;
  Router router;
  Handler large = [](Request&) -> asio::awaitable<Response> { co_return Response::text(std::string(32 << 20, 'x')); };
  router.add(make_route(Method::get, "/large", std::move(large)));
  Running running(std::move(router), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send(get_request("/large")));
  CHECK(eventually([&] { return running.server.counters().bytes_sent > 0; }));
  CHECK(eventually([&] { return running.server.counters().open_connections == 0; }));
  CHECK(peer.receive().status == 0);
}

TEST_CASE("a handler past its deadline is cancelled and answered with 504, and the connection goes on") {
  Waiting waiting;
  ServerOptions options = Running::local();
  options.limits.handler_grace = 0ms;
  Running running(waiting.routes(), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send(get_request("/wait", "P2P-Timeout-Ms: 20\r\n")));
  CHECK(peer.receive().status == 504);
  CHECK(waiting.ended);
  REQUIRE(peer.send(get_request("/hello")));
  CHECK(peer.receive().status == 200);
}

TEST_CASE("a timeout that is no number is refused") {
  Running running(Waiting{}.routes());
  Peer peer(running.port);
  for (const char* value : {"0", "-5", "soon", "1.5", "99999999999999999999"}) {
    REQUIRE(peer.send(get_request("/hello", std::string("P2P-Timeout-Ms: ") + value + "\r\n")));
    CHECK(peer.receive().status == 400);
  }
}

TEST_CASE("a client that goes away cancels its handler") {
  Waiting waiting;
  Running running(waiting.routes());
  {
    Peer peer(running.port);
    REQUIRE(peer.send(get_request("/wait")));
    CHECK(eventually([&] { return waiting.began.load(); }));
  }
  CHECK(eventually([&] { return waiting.ended.load(); }));
  CHECK(eventually([&] { return running.server.counters().open_connections == 0; }));
}

TEST_CASE("connections over the cap of an address are turned away, and may come back") {
  ServerOptions options = Running::local();
  options.limits.max_connections_from_loopback = 2;
  Running running(Waiting{}.routes(), nullptr, options);
  Peer second(running.port);
  {
    Peer first(running.port);
    REQUIRE(first.send(get_request("/hello")));
    CHECK(first.receive().status == 200);
    REQUIRE(second.send(get_request("/hello")));
    CHECK(second.receive().status == 200);
    Peer third(running.port);
    CHECK(third.is_closed());
  }
  CHECK(eventually([&] { return running.server.counters().open_connections == 1; }));
  CHECK(running.server.counters().refused_connections == 1);
  Peer again(running.port);
  REQUIRE(again.send(get_request("/hello")));
  CHECK(again.receive().status == 200);
}

TEST_CASE("a route is refused with 401 to nobody, 403 to the wrong one, and served to the right one") {
  Router router;
  Route route = make_route(Method::get, "/logs", name_of_caller);
  route.permission = auth::Permission::logs_read;
  router.add(route);
  route.pattern = "/metrics";
  route.open_on_loopback = true;
  router.add(route);
  route.pattern = "/internal";
  route.permission = auth::Permission::node;
  route.open_on_loopback = false;
  router.add(route);
  ServerOptions options = Running::local();
  options.authenticate = [](const Request& request, LimitClass, auth::Caller& caller) -> Result<void> {
    const auto token = request.headers.get("Authorization");
    if (token.empty()) return {};
    if (token == "Bearer bad") return Error(Errc::not_permitted, "the token has expired");
    if (token == "Bearer many") return Error(Errc::limited, "too many tokens");
    caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
    if (token == "Bearer reader") caller.scopes.add(auth::Permission::logs_read);
    return {};
  };
  Running running(std::move(router), nullptr, options);
  Peer peer(running.port);
  const auto ask = [&](const std::string& path, const std::string& token) {
    REQUIRE(peer.send(get_request(path, token.empty() ? "" : "Authorization: Bearer " + token + "\r\n")));
    return peer.receive();
  };
  const Reply nobody = ask("/logs", "");
  CHECK(nobody.status == 401);
  CHECK(nobody.has("WWW-Authenticate: Bearer"));
  const Reply bad = ask("/logs", "bad");
  CHECK(bad.status == 401);
  CHECK(bad.has("error=\"invalid_token\""));
  CHECK(bad.body.find("the token has expired") != std::string::npos);
  const Reply many = ask("/logs", "many");
  CHECK(many.status == 429);
  CHECK(many.has("Retry-After: 1\r\n"));
  CHECK(ask("/logs", "other").status == 403);
  CHECK(ask("/logs", "reader").body == "alice");
  CHECK(ask("/metrics", "").status == 200);
  CHECK(ask("/internal", "reader").status == 403);
  CHECK(ask("/logs", "").status == 401);
}

TEST_CASE("over the limit is 429 with Retry-After, by class, and refusals count too") {
  std::atomic<unsigned> asked{0};
  Router router;
  Route route = make_route(Method::get, "/limited", name_of_caller);
  route.limit_class = LimitClass::rpc;
  router.add(route);
  route.pattern = "/locked";
  route.permission = auth::Permission::admin;
  router.add(route);
  route = make_route(Method::get, "/free", name_of_caller);
  route.limit_class = LimitClass::none;
  router.add(route);
  ServerOptions options = Running::local();
  options.limit = [&](const auth::Caller& caller, LimitClass limit_class) -> std::optional<std::chrono::seconds> {
    CHECK(caller.address == "127.0.0.1");
    CHECK(limit_class == LimitClass::rpc);
    return ++asked > 2 ? std::optional(std::chrono::seconds(7)) : std::nullopt;
  };
  Running running(std::move(router), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send(get_request("/limited") + get_request("/locked") + get_request("/free") + get_request("/limited")));
  CHECK(peer.receive().status == 200);
  CHECK(peer.receive().status == 401);
  CHECK(peer.receive().status == 200);
  const Reply limited = peer.receive();
  CHECK(limited.status == 429);
  CHECK(limited.has("Retry-After: 7\r\n"));
  CHECK(limited.has("Content-Type: application/problem+json"));
}

TEST_CASE("a path says in its own words that its limit is reached, before the body is read") {
  Router router;
  Route route = make_route(Method::post, "/limited", name_of_caller);
  route.limit_class = LimitClass::rpc;
  route.over_limit = [](const Request& request) { return Response::text("no more " + request.path); };
  router.add(route);
  ServerOptions options = Running::local();
  options.limit = [](const auth::Caller&, LimitClass) { return std::optional(std::chrono::seconds(3)); };
  Running running(std::move(router), nullptr, options);
  Peer peer(running.port);
  REQUIRE(peer.send("POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
  const Reply limited = peer.receive();
  CHECK(limited.body == "no more /limited");
  CHECK(limited.has("Retry-After: 3\r\n"));
}

TEST_CASE("requests are counted by class of path, status and time, over all loops") {
  Waiting waiting;
  Router router = waiting.routes();
  Route route = make_route(Method::get, "/health", name_of_caller);
  route.limit_class = LimitClass::health;
  router.add(route);
  route.pattern = "/locked";
  route.limit_class = LimitClass::rpc;
  route.permission = auth::Permission::admin;
  router.add(route);
  Running running(std::move(router));
  Peer peers[] = {Peer(running.port), Peer(running.port), Peer(running.port)};
  for (Peer& peer : peers) {
    REQUIRE(peer.send(get_request("/health") + get_request("/locked") + get_request("/nowhere") + "junk\r\n\r\n"));
    for (const unsigned status : {200, 401, 404, 400}) CHECK(peer.receive().status == status);
    CHECK(peer.is_closed());
  }
  const auto of = [&](LimitClass limit_class) {
    return running.server.counters().requests_by_class[static_cast<std::size_t>(limit_class)];
  };
  using ByStatus = std::array<std::uint64_t, kStatusClassCount>;
  REQUIRE(eventually([&] { return of(LimitClass::none).by_status[3] == 6; }));
  CHECK(of(LimitClass::health).by_status == ByStatus{0, 3, 0, 0, 0});
  CHECK(of(LimitClass::rpc).by_status == ByStatus{0, 0, 0, 3, 0});
  CHECK(of(LimitClass::none).by_status == ByStatus{0, 0, 0, 6, 0});
  const auto health = of(LimitClass::health);
  CHECK(std::accumulate(health.by_latency.begin(), health.by_latency.end(), std::uint64_t{0}) == 3);

  Peer slow(running.port);
  REQUIRE(slow.send(get_request("/wait")));
  REQUIRE(eventually([&] { return waiting.began.load(); }));
  CHECK(running.server.counters().requests_in_flight == 1);
  slow.close();
  CHECK(eventually([&] { return running.server.counters().requests_in_flight == 0; }));
}

TEST_CASE("a latency falls into the bucket that its bound names") {
  RequestCounters counters;
  counters.answered(LimitClass::rpc, 200, 250us);
  counters.answered(LimitClass::rpc, 200, 251us);
  counters.answered(LimitClass::rpc, 503, 31s);
  counters.answered(LimitClass::rpc, 0, 1ns);  // a handler's mistake
  RequestFiguresByClass sums;
  counters.add_to(sums);
  const RequestFigures& rpc = sums[static_cast<std::size_t>(LimitClass::rpc)];
  CHECK(rpc.by_latency.front() == 2);
  CHECK(rpc.by_latency[1] == 1);
  CHECK(rpc.by_latency.back() == 1);
  CHECK(rpc.by_status == std::array<std::uint64_t, kStatusClassCount>{1, 2, 0, 0, 1});
  CHECK(rpc.latency_sum == 250us + 251us + 31s);
}

TEST_CASE("stopping lets a running request finish, closes idle connections and takes no new ones") {
  std::atomic<bool> began{false};
  std::promise<asio::any_io_executor> loop_of_handler;
  auto signal = std::make_shared<asio::steady_timer*>(nullptr);
  Router router;
  Handler handler = [&, signal](Request&) -> asio::awaitable<Response> {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    *signal = &timer;
    loop_of_handler.set_value(executor);
    began = true;
    boost::system::error_code released;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, released));
    co_return Response::text("finished");
  };
  router.add(make_route(Method::get, "/work", std::move(handler)));
  Running running(std::move(router));
  Peer idle(running.port), working(running.port);
  REQUIRE(working.send(get_request("/work")));
  const auto executor = loop_of_handler.get_future().get();
  auto stopped = running.begin(running.server.stop(20s));
  CHECK(idle.is_closed());
  CHECK(eventually([&] { return !listens(running.port); }));
  asio::post(executor, [signal] { (*signal)->cancel(); });
  const Reply reply = working.receive();
  CHECK(reply.body == "finished");
  CHECK(reply.has("Connection: close\r\n"));
  CHECK(working.is_closed());
  CHECK(stopped.get());
}

TEST_CASE("stopping cancels what is still running after the grace") {
  Waiting waiting;
  Running running(waiting.routes());
  Peer peer(running.port);
  REQUIRE(peer.send(get_request("/wait")));
  CHECK(eventually([&] { return waiting.began.load(); }));
  CHECK_FALSE(running.stop(1ms));
  CHECK(waiting.ended);
  CHECK(peer.is_closed());
  CHECK(running.server.counters().open_connections == 0);
}

TEST_CASE("connections are dropped by what their caller is") {
  Waiting waiting;
  Running running(waiting.routes());
  Peer peer(running.port);
  REQUIRE(peer.send(get_request("/wait")));
  CHECK(eventually([&] { return waiting.began.load(); }));
  running.server.drop_connections([](const auth::Caller& caller) { return caller.address != "127.0.0.1"; });
  running.server.drop_connections([](const auth::Caller& caller) { return caller.address == "127.0.0.1"; });
  CHECK(peer.is_closed());
  CHECK(eventually([&] { return waiting.ended.load(); }));
}
