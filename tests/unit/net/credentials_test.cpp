// Tokens that end, or are revoked, while something goes on that they opened.
#include <doctest/doctest.h>

#include "auth/token.hpp"
#include "net/streamed_body.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

/// The token "ID:SECONDS" has that id, and ends so many seconds from now.
Result<void> take_token(const Request& request, LimitClass, auth::Caller& caller) {
  const std::string text(request.headers.get("Authorization"));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {};
  caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  caller.token_id = text.substr(0, colon);
  caller.ends_at = std::chrono::system_clock::now() + std::chrono::seconds(std::stol(text.substr(colon + 1)));
  return {};
}

class WaitingBody final : public StreamedBody {
 public:
  explicit WaitingBody(std::atomic<bool>& began, std::atomic<bool>& ended) : began_(began), ended_(ended) {}
  asio::awaitable<void> write_to(BodyWriter& out) override {
    const auto written = co_await out.write("first\n");
    if (written) (void)co_await wait_for_cancellation(began_, ended_);
  }

 private:
  std::atomic<bool>&began_, &ended_;
};

/// `/wait` and `/stream` last until they are cancelled, `/now` answers, `/echo` is a channel; for holders of a token.
struct TokenServer {
  TokenServer() {
    Router router;
    add(router, "/wait", [this](Request&) { return wait_for_cancellation(began, ended); });
    add(router, "/now", [](Request&) -> asio::awaitable<Response> { co_return Response::text("answered"); });
    add(router, "/stream", [this](Request&) -> asio::awaitable<Response> {
      Response response = Response::text("");
      response.streamed = std::make_shared<WaitingBody>(began, ended);
      co_return response;
    });
    Route channel;
    channel.pattern = "/echo";
    channel.permission = auth::Permission::authenticated;
    channel.channel_handler = [](Request, ChannelPtr open) -> asio::awaitable<void> {
      for (;;) {
        auto message = co_await open->receive();
        if (!message) co_return;
        open->send(std::move(*message));
      }
    };
    router.add(std::move(channel));
    ServerOptions options = Running::local();
    options.authenticate = take_token;
    running.emplace(std::move(router), nullptr, std::move(options));
  }
  static void add(Router& router, std::string path, Handler handler) {
    Route route = make_route(Method::get, std::move(path), std::move(handler));
    route.permission = auth::Permission::authenticated;
    router.add(std::move(route));
  }
  void drop(const std::string& id) {
    running->server.drop_connections([id](const auth::Caller& caller) { return caller.token_id == id; });
  }

  std::atomic<bool> began{false}, ended{false};
  std::optional<Running> running;
};

std::string with_token(const std::string& path, const std::string& token, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: a:1\r\nAuthorization: " + token + "\r\n" + more + "\r\n";
}

std::string upgrade_with(const std::string& token) {
  return with_token("/echo", token,
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                    "dGhlIHNhbXBsZSBub25jZQ==\r\n");
}

}  // namespace

TEST_CASE("calls and streams under way end with the token that began them, and those of others go on") {
  for (const char* path : {"/wait", "/stream"}) {
    CAPTURE(path);
    TokenServer server;
    Peer lost(server.running->port), other(server.running->port);
    REQUIRE(other.send(with_token("/now", "kept:3600")));
    CHECK(other.receive().body == "answered");
    REQUIRE(lost.send(with_token(path, "lost:3600")));
    CHECK(eventually([&] { return server.began.load(); }));
    server.drop("unrelated");
    server.drop("lost");
    CHECK(eventually([&] { return server.ended.load(); }));
    CHECK(lost.receive_all().find("never") == std::string::npos);
    REQUIRE(other.send(with_token("/now", "kept:3600")));
    CHECK(other.receive().body == "answered");
  }
}

TEST_CASE("a connection is not dropped for a token that one of its earlier requests had") {
  TokenServer server;
  Peer peer(server.running->port);
  REQUIRE(peer.send(with_token("/now", "first:3600")));
  CHECK(peer.receive().body == "answered");
  std::atomic<int> asked{0};
  server.running->server.drop_connections([&](const auth::Caller& caller) {
    ++asked;
    return caller.token_id == "first";
  });
  CHECK(eventually([&] { return asked > 0; }));
  REQUIRE(peer.send(with_token("/now", "second:3600")));
  CHECK(peer.receive().body == "answered");
}

TEST_CASE("a channel is closed when its token has ended, past the leeway") {
  TokenServer server;
  const auto leeway = static_cast<long>(auth::kTokenLeeway.count());
  Peer within(server.running->port), past(server.running->port);
  REQUIRE(within.send(upgrade_with("within:-1")));
  CHECK(within.receive_head().starts_with("HTTP/1.1 101 "));
  REQUIRE(past.send(upgrade_with("past:-" + std::to_string(leeway))));
  CHECK(past.receive_head().starts_with("HTTP/1.1 101 "));
  // A close frame, and the code of a violated policy (RFC 6455 section 7.4.1).
  const std::string end = past.receive_all();
  CHECK(end.substr(0, 1) == "\x88");
  CHECK(end.substr(2, 2) == "\x03\xf0");
  CHECK(end.find("expired") != std::string::npos);
  REQUIRE(within.send(std::string("\x81\x82\0\0\0\0hi", 8)));
  CHECK(within.receive_until("hi") == "\x81\x02hi");
}

TEST_CASE("a bad token is 401, what a session may not 403, and a session that has ended 401") {
  Router router;
  TokenServer::add(router, "/now", [](Request&) -> asio::awaitable<Response> { co_return Response::text("answered"); });
  ServerOptions options = Running::local();
  options.authenticate = [](const Request& request, LimitClass, auth::Caller&) -> Result<void> {
    const bool ended = request.headers.get("Cookie") == "s=ended";
    return Error(ended ? Errc::not_found : Errc::not_permitted, "no");
  };
  Running running(std::move(router), nullptr, std::move(options));
  const auto status = [&](const std::string& field) {
    Peer peer(running.port);
    REQUIRE(peer.send("GET /now HTTP/1.1\r\nHost: a:1\r\n" + field + "\r\n\r\n"));
    return peer.receive().status;
  };
  CHECK(status("Authorization: Bearer x") == 401);
  CHECK(status("Cookie: s=1") == 403);
  CHECK(status("Cookie: s=ended") == 401);
}
