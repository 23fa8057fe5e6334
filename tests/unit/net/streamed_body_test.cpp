// Bodies that come piece by piece, as a client sees them, and as the client of a node takes them.
#include "net/streamed_body.hpp"

#include <doctest/doctest.h>

#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

/// Writes a piece, and the next one when the test says so.
class SteppedBody final : public StreamedBody {
 public:
  struct Steps {
    std::atomic<int> allowed{0};
    std::atomic<bool> fails{false}, ended{false};
  };
  explicit SteppedBody(Steps& steps) : steps_(steps) {}

  asio::awaitable<void> write_to(BodyWriter& out) override {
    struct Note {
      std::atomic<bool>& flag;
      ~Note() { flag = true; }
    } note{steps_.ended};
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 1; i <= 3; ++i) {
      const std::string piece = "piece " + std::to_string(i) + "\n";
      const auto written = co_await out.write(piece);
      if (!written) co_return;
      while (steps_.allowed < i) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
      }
      if (steps_.fails) throw std::runtime_error("broken inside");
    }
  }

 private:
  Steps& steps_;
};

struct StreamingServer {
  SteppedBody::Steps steps;
  std::optional<Running> running;

  StreamingServer() {
    Router router;
    Handler handler = [this](Request&) -> asio::awaitable<Response> {
      Response response = Response::text("");
      response.streamed = std::make_shared<SteppedBody>(steps);
      co_return response;
    };
    router.add(make_route(Method::post, "/stream", std::move(handler)));
    running.emplace(std::move(router));
  }
};

std::string ask(const char* version = "1.1") {
  return std::string("POST /stream HTTP/") + version + "\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
}

std::string read_chunk(Peer& peer) { return peer.receive_until("\n\r\n"); }

}  // namespace

TEST_CASE("a streamed body comes in chunks, each when it is written, and the connection goes on") {
  StreamingServer server;
  Peer peer(server.running->port);
  for (int round = 0; round < 2; ++round) {
    server.steps.allowed = 0;
    REQUIRE(peer.send(ask()));
    const std::string head = peer.receive_head();
    CHECK(head.find("HTTP/1.1 200 OK\r\n") == 0);
    CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(head.find("Content-Length") == std::string::npos);
    CHECK(read_chunk(peer) == "8\r\npiece 1\n\r\n");
    server.steps.allowed = 1;
    CHECK(read_chunk(peer) == "8\r\npiece 2\n\r\n");
    server.steps.allowed = 3;
    CHECK(read_chunk(peer) == "8\r\npiece 3\n\r\n");
    CHECK(peer.receive_until("0\r\n\r\n") == "0\r\n\r\n");
  }
  CHECK(server.running->server.counters().connections == 1);
  CHECK(server.running->server.counters().requests == 2);
  CHECK(eventually([&] { return server.running->server.counters().requests_in_flight == 0; }));
}

TEST_CASE("an HTTP/1.0 client gets it as it is, until the end of the connection") {
  StreamingServer server;
  server.steps.allowed = 3;
  Peer peer(server.running->port);
  REQUIRE(peer.send(ask("1.0")));
  const std::string all = peer.receive_all();
  CHECK(all.find("Transfer-Encoding") == std::string::npos);
  CHECK(all.find("Connection: close\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\npiece 1\npiece 2\npiece 3\n"));
}

TEST_CASE("a body that fails is cut off, so that nobody takes it for whole") {
  StreamingServer server;
  server.steps.fails = true;
  server.steps.allowed = 1;
  Peer peer(server.running->port);
  REQUIRE(peer.send(ask()));
  CHECK(peer.receive_all().ends_with("8\r\npiece 1\n\r\n"));
  CHECK(server.running->log.has("broken inside"));
}

TEST_CASE("a body ends when its client goes away") {
  StreamingServer server;
  Peer peer(server.running->port);
  REQUIRE(peer.send(ask()));
  CHECK_FALSE(peer.receive_head().empty());
  CHECK_FALSE(server.steps.ended);
  peer.close();
  CHECK(eventually([&] { return server.steps.ended.load(); }));
}
