// The server over plain TCP: what HTTP/1.1 asks of it, and how it refuses what is ambiguous.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

asio::awaitable<Response> hello(Request& request) { co_return Response::text("hello " + request.path); }
asio::awaitable<Response> echo(Request& request) { co_return Response::text(request.body); }
asio::awaitable<Response> size(Request& request) { co_return Response::text(std::to_string(request.body.size())); }
asio::awaitable<Response> fail(Request&) {
  throw std::runtime_error("broken inside");
  co_return Response{};
}

Router routes() {
  Router router;
  router.add(make_route(Method::get, "/hello", hello));
  router.add(make_route(Method::get, "/hello/{name}", hello));
  router.add(make_route(Method::post, "/echo", echo));
  router.add(make_route(Method::get, "/fail", fail));
  Route large = make_route(Method::post, "/large", size);
  large.max_body_bytes = 16 << 20;
  router.add(std::move(large));
  Route packed = make_route(Method::post, "/packed", echo);
  packed.content_coding = "lz4";
  router.add(std::move(packed));
  return router;
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("requests on one connection are answered in order, also when they come together") {
  Running running(routes());
  Peer peer(running.port);
  std::string together;
  for (int i = 0; i < 50; ++i) together += get("/hello/" + std::to_string(i)) + post("/echo", std::to_string(i));
  REQUIRE(peer.send(together));
  for (int i = 0; i < 50; ++i) {
    CHECK(peer.receive().body == "hello /hello/" + std::to_string(i));
    CHECK(peer.receive().body == std::to_string(i));
  }
  CHECK(running.server.counters().connections == 1);
  CHECK(running.server.counters().requests == 100);
}

TEST_CASE("whoever listens hears how each readable request was answered, refused ones too") {
  std::mutex mutex;
  std::vector<std::string> heard;
  ServerOptions options = Running::local();
  options.answered = [&](const Request& request, unsigned status) {
    const std::lock_guard lock(mutex);
    heard.push_back(request.path + ' ' + std::to_string(status));
  };
  {
    Running running(routes(), nullptr, options);
    Peer peer(running.port);
    REQUIRE(peer.send(get("/hello") + get("/nowhere") + post("/echo", "x") + get("/fail") + "rubbish\r\n\r\n"));
    for (int i = 0; i < 5; ++i) peer.receive();
  }
  CHECK(heard == std::vector<std::string>{"/hello 200", "/nowhere 404", "/echo 200", "/fail 500"});
}

TEST_CASE("a request may come byte by byte") {
  Running running(routes());
  Peer peer(running.port);
  for (const char c : post("/echo", "slowly")) REQUIRE(peer.send({&c, 1}));
  CHECK(peer.receive().body == "slowly");
}

TEST_CASE("HEAD says the length and sends no body") {
  Running running(routes());
  Peer peer(running.port);
  REQUIRE(peer.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get("/hello")));
  const Reply head = peer.receive(true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 12\r\n"));
  CHECK(peer.receive().body == "hello /hello");
}

TEST_CASE("unknown paths are 404, wrong methods 405 with Allow, and the connection goes on") {
  Running running(routes());
  Peer peer(running.port);
  REQUIRE(peer.send(get("/nothing") + post("/hello", "some body") + "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n" +
                    get("/hello")));
  const Reply missing = peer.receive();
  CHECK(missing.status == 404);
  CHECK(missing.has("Content-Type: application/problem+json\r\n"));
  const auto problem = parse_json(missing.body);
  REQUIRE(problem.has_value());
  CHECK(find_unsigned(*problem, "status") == 404);
  const Reply wrong = peer.receive();
  CHECK(wrong.status == 405);
  CHECK(wrong.has("Allow: GET, HEAD\r\n"));
  CHECK(peer.receive().status == 405);
  CHECK(peer.receive().status == 200);
}

TEST_CASE("who asks to close is closed, HTTP/1.0 unless it asks to stay") {
  Running running(routes());
  Peer closing(running.port);
  REQUIRE(closing.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  CHECK(closing.receive().has("Connection: close\r\n"));
  CHECK(closing.is_closed());
  Peer old(running.port);
  REQUIRE(old.send("GET /hello HTTP/1.0\r\n\r\n"));
  CHECK(old.receive().status == 200);
  CHECK(old.is_closed());
  Peer staying(running.port);
  REQUIRE(staying.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  CHECK(staying.receive().has("Connection: keep-alive\r\n"));
  REQUIRE(staying.send(get("/hello")));
  CHECK(staying.receive().status == 200);
}

TEST_CASE("what could be read in two ways is refused with 400 and the connection closed") {
  Running running(routes());
  const std::string next = get("/hello/smuggled");
  const std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string bad[] = {
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
      "chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
      "GET /hello HTTP/1.1\nHost: a\n\n",
      "GET /hello HTTP/1.1\r\nHost: a\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
      std::string("GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 41),
      "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET /hello\r\nHost: a\r\n\r\n",
      "GET /../hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /hello%00 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "garbage\r\n\r\n",
      chunked + "5\nhello\r\n0\r\n\r\n",
      chunked + "0x5\r\nhello\r\n0\r\n\r\n",
      chunked + "-5\r\nhello\r\n0\r\n\r\n",
      chunked + "5 \r\nhello\r\n0\r\n\r\n",
      chunked + "5\r\nhelloo\r\n0\r\n\r\n",
      chunked + "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
      chunked + "zz\r\n\r\n",
  };
  for (const auto& request : bad) {
    CAPTURE(request);
    Peer peer(running.port);
    peer.send(request + next);
    const Reply reply = peer.receive();
    const bool refused = reply.status == 400 || reply.status == 413;
    CHECK(refused);
    CHECK(reply.has("Connection: close\r\n"));
    CHECK(peer.is_closed());
  }
}

TEST_CASE("chunked bodies are joined, extensions and trailers dropped") {
  Running running(routes());
  Peer peer(running.port);
  REQUIRE(
      peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n" +
                get("/hello")));
  CHECK(peer.receive().body == "hello world");
  CHECK(peer.receive().body == "hello /hello");
}

TEST_CASE("a head over 16 KiB, or of too many fields, is 431") {
  Running running(routes());
  Peer large(running.port);
  large.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  CHECK(large.receive().status == 431);
  CHECK(large.is_closed());
  Peer many(running.port);
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += "X: 1\r\n";
  many.send("GET /hello HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
  CHECK(many.receive().status == 431);
}

TEST_CASE("a body over the route's limit is 413, decided by its length before it comes") {
  Running running(routes());
  Peer announced(running.port);
  REQUIRE(announced.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n"));
  const Reply reply = announced.receive();
  CHECK(reply.status == 413);
  CHECK(reply.has("Connection: close\r\n"));
  Peer chunked(running.port);
  chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n");
  CHECK(chunked.receive().status == 413);
}

TEST_CASE("a client that sends 10 MiB nevertheless reads the refusal") {
  Running running(routes());
  Peer peer(running.port);
  peer.send(post("/echo", std::string(10 << 20, 'x')));
  CHECK(peer.receive().status == 413);
}

TEST_CASE("10 MiB go to a route that takes them") {
  Running running(routes());
  Peer peer(running.port);
  REQUIRE(peer.send(post("/large", std::string(10 << 20, 'x')) + get("/hello")));
  CHECK(peer.receive().body == std::to_string(10 << 20));
  CHECK(peer.receive().status == 200);
}

TEST_CASE("a body in a coding that the route does not undo is 415, with the codings that it takes") {
  Running running(routes());
  Peer peer(running.port);
  const auto coded = [](const std::string& path, const std::string& fields) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: 2\r\n\r\nok";
  };
  for (const char* fields : {"Content-Encoding: gzip\r\n", "content-encoding: identity, gzip\r\n",
                             "Content-Encoding: identity\r\nContent-Encoding: br\r\n", "Content-Encoding: lz4\r\n"}) {
    REQUIRE(peer.send(coded("/echo", fields)));
    const Reply reply = peer.receive();
    CHECK(reply.status == 415);
    CHECK(reply.has("Accept-Encoding: identity\r\n"));
    CHECK(reply.has("Content-Type: application/problem+json\r\n"));
  }
  REQUIRE(peer.send(coded("/echo", "Content-Encoding: gzip\r\n")));
  CHECK(parse_json(peer.receive().body).value().at("detail") ==
        "this path takes no body with Content-Encoding \"gzip\"");
  for (const char* fields : {"", "Content-Encoding: identity\r\n", "Content-Encoding: Identity ,\r\n"}) {
    REQUIRE(peer.send(coded("/echo", fields)));
    CHECK(peer.receive().body == "ok");
  }
  for (const char* fields : {"Content-Encoding: lz4\r\n", "Content-Encoding: LZ4\r\n", ""}) {
    REQUIRE(peer.send(coded("/packed", fields)));
    CHECK(peer.receive().body == "ok");
  }
  for (const char* fields : {"Content-Encoding: lz4, lz4\r\n", "Content-Encoding: gzip\r\n"}) {
    REQUIRE(peer.send(coded("/packed", fields)));
    const Reply reply = peer.receive();
    CHECK(reply.status == 415);
    CHECK(reply.has("Accept-Encoding: lz4, identity\r\n"));
  }
}

TEST_CASE("100-continue is answered when the body is wanted, and not when it is not") {
  Running running(routes());
  Peer wanted(running.port);
  REQUIRE(wanted.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  CHECK(wanted.receive_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(wanted.send("ok"));
  CHECK(wanted.receive().body == "ok");
  Peer refused(running.port);
  REQUIRE(refused.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  CHECK(refused.receive().status == 404);
  CHECK(refused.is_closed());
  Peer unknown(running.port);
  REQUIRE(unknown.send("GET /hello HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n"));
  CHECK(unknown.receive().status == 417);
}

TEST_CASE("an exception in a handler is a 500 that says nothing of the inside, and is logged") {
  Running running(routes());
  Peer peer(running.port);
  REQUIRE(peer.send(get("/fail") + get("/hello")));
  const Reply reply = peer.receive();
  CHECK(reply.status == 500);
  CHECK(reply.body.find("broken") == std::string::npos);
  CHECK(peer.receive().status == 200);
  CHECK(running.log.has("GET /fail: broken inside"));
}

TEST_CASE("ports: a free one is reported, one in use is named, IPv6 takes both") {
  Running running(routes());
  CHECK(running.port != 0);
  const auto start_at = [&](const std::string& address, std::uint16_t port) {
    ServerOptions options = Running::local();
    options.bind_address = address;
    options.port = port;
    return Server(running.loops.sessions(), Router{}, nullptr, options, running.log).start();
  };
  const auto taken = start_at("127.0.0.1", running.port);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().kind() == Errc::exists);
  CHECK(taken.error().context == "port " + std::to_string(running.port) + " on 127.0.0.1 is in use");
  CHECK(start_at("localhost", 0).error().kind() == Errc::invalid);
  CHECK(start_at("192.0.2.1", 0).error().kind() == Errc::invalid);

  ServerOptions both = Running::local();
  both.bind_address = "::";
  Running dual(routes(), nullptr, both);
  for (const char* address : {"::1", "127.0.0.1"}) {
    Peer peer(dual.port, address);
    REQUIRE(peer.send(get("/hello")));
    CHECK(peer.receive().status == 200);
  }
}
