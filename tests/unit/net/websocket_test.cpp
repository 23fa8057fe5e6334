#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>

#include "net/client.hpp"
#include "net/close_code.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

constexpr std::size_t kMaxMessage = 1 << 20;

asio::awaitable<void> echo(Request, ChannelPtr channel) {
  for (;;) {
    auto message = co_await channel->receive();
    if (!message) co_return;
    if (message->data == "close") co_return;
    channel->send(std::move(*message));
  }
}

Route channel_route(std::string pattern, ChannelHandler handler) {
  Route out;
  out.pattern = std::move(pattern);
  out.permission = auth::Permission::open;
  out.channel_handler = std::move(handler);
  out.channel_limits.max_message_bytes = kMaxMessage;
  return out;
}

/// A server with TLS and channels, and a client on its control loop.
struct Pair {
  Pair() {
    TlsMaterial material;
    material.ca = authority.pem();
    const Pem server = authority.issue(coordinator("c-1"));
    material.certificate = server.certificate;
    material.private_key = server.key;
    server_tls = std::move(TlsContexts::make(material).value());
    const Pem own = authority.issue(worker("w-1"));
    material.certificate = own.certificate;
    material.private_key = own.key;
    client_tls = std::move(TlsContexts::make(material).value());
    Router router;
    router.add(channel_route("/echo", echo));
    Route internal = channel_route("/internal", echo);
    internal.permission = auth::Permission::node;
    router.add(internal);
    internal.pattern = "/admin";
    internal.permission = auth::Permission::admin;
    router.add(internal);
    ChannelHandler keep = [this](Request request, ChannelPtr channel) -> asio::awaitable<void> {
      caller = request.caller.identity->name + " at " + channel->peer().address;
      held = channel;
      holding = true;
      const auto message = co_await channel->receive();
      end = message ? Errc::failed : message.error().kind();
      held.reset();
      ended = true;
    };
    router.add(channel_route("/held", std::move(keep)));
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

  Result<ChannelPtr> open(const std::string& target, ChannelLimits limits = {}) {
    return running->run(client->open_channel({"127.0.0.1", running->port}, {}, target, {}, limits, 20s));
  }
  Result<Message> receive(const ChannelPtr& channel) { return running->run(channel->receive()); }

  Authority authority;
  std::unique_ptr<TlsContexts> server_tls, client_tls;
  std::string caller;
  ChannelPtr held;
  std::atomic<bool> holding{false}, ended{false};
  std::atomic<Errc> end{Errc::failed};
  std::optional<Running> running;
  std::unique_ptr<Client> client;
};

std::string upgrade(const std::string& fields = {}) {
  return "GET /echo HTTP/1.1\r\nHost: a:1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         fields + "\r\n";
}

/// A masked frame of RFC 6455 section 5.2 with mask 0, and up to 125 bytes.
std::string frame(int first, const std::string& payload) {
  return std::string{static_cast<char>(first), static_cast<char>(0x80 | payload.size())} + std::string(4, '\0') +
         payload;
}

}  // namespace

TEST_CASE("whole messages go both ways, of any size up to the limit, text and binary") {
  Pair pair;
  const auto channel = pair.open("/echo").value();
  CHECK(channel->peer().identity->name == "c-1");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{126}, std::size_t{65536}, kMaxMessage}) {
    for (const bool binary : {true, false}) {
      REQUIRE(channel->send({binary, std::string(size, 'x')}));
      const auto back = pair.receive(channel);
      REQUIRE(back.has_value());
      CHECK(back->binary == binary);
      CHECK(back->data == std::string(size, 'x'));
    }
  }
  CHECK(channel->queued_bytes() == 0);
  channel->close(1000, "done");
}

TEST_CASE("many messages from other threads keep the order of each") {
  Pair pair;
  const auto channel = pair.open("/echo").value();
  constexpr int kCount = 2000;
  const auto sender = [&](char name) {
    for (int i = 0; i < kCount; ++i) channel->send({true, name + std::to_string(i)});
  };
  std::thread one(sender, 'a'), two(sender, 'b');
  int next_a = 0, next_b = 0;
  while (next_a < kCount || next_b < kCount) {
    const auto message = pair.receive(channel);
    REQUIRE(message.has_value());
    int& next = message->data[0] == 'a' ? next_a : next_b;
    REQUIRE(message->data.substr(1) == std::to_string(next++));
  }
  one.join();
  two.join();
  channel->abort();
}

TEST_CASE("a message over the limit closes the channel") {
  Pair pair;
  const auto channel = pair.open("/echo").value();
  REQUIRE(channel->send({true, std::string(kMaxMessage + 1, 'x')}));
  CHECK_FALSE(pair.receive(channel).has_value());
  CHECK_FALSE(channel->send({true, "more"}));
  const auto small = pair.open("/echo", {.max_message_bytes = 10}).value();
  REQUIRE(small->send({true, std::string(11, 'x')}));
  CHECK(pair.receive(small).error().kind() == Errc::too_large);
}

TEST_CASE("the queue is bounded, and what does not fit is not queued") {
  Pair pair;
  const auto channel = pair.open("/held", {.max_queued_bytes = 1 << 20}).value();
  // The other side reads one message and no more, so in the end nothing leaves.
  const std::string piece(256 << 10, 'x');
  CHECK(eventually([&] { return !channel->send({true, piece}); }));
  CHECK(channel->queued_bytes() <= 1 << 20);
  channel->abort();
  CHECK_FALSE(channel->send({true, "late"}));
}

TEST_CASE("a close by either side ends the other's receive with cancelled, a break with unreachable") {
  Pair pair;
  const auto asked = pair.open("/echo").value();
  REQUIRE(asked->send({false, "close"}));
  CHECK(pair.receive(asked).error().kind() == Errc::cancelled);

  const auto closing = pair.open("/held").value();
  CHECK(eventually([&] { return pair.holding.load(); }));
  CHECK(pair.caller == "w-1 at 127.0.0.1");
  closing->close(1000, "bye");
  CHECK(eventually([&] { return pair.ended.load(); }));
  CHECK(pair.end == Errc::cancelled);
  const auto own = pair.receive(closing);
  CHECK(own.error().kind() == Errc::cancelled);
  CHECK_FALSE(close_code_of(own.error()));

  pair.ended = false;
  const auto breaking = pair.open("/held").value();
  breaking->abort();
  CHECK(eventually([&] { return pair.ended.load(); }));
  CHECK(pair.end == Errc::unreachable);
}

TEST_CASE("what is queued before a close is still sent") {
  Pair pair;
  const auto channel = pair.open("/held").value();
  CHECK(eventually([&] { return pair.holding.load(); }));
  const ChannelPtr held = pair.held;
  for (int i = 0; i < 100; ++i) REQUIRE(held->send({true, std::to_string(i)}));
  held->close(1001, "moving");
  for (int i = 0; i < 100; ++i) CHECK(pair.receive(channel)->data == std::to_string(i));
  const auto end = pair.receive(channel);
  CHECK(end.error().kind() == Errc::cancelled);
  CHECK(close_code_of(end.error()) == 1001U);
}

TEST_CASE("a close without a code has none") {
  CHECK(closed_by_peer(0).kind() == Errc::cancelled);
  CHECK_FALSE(close_code_of(closed_by_peer(0)));
  CHECK(close_code_of(closed_by_peer(4401)) == 4401U);
  CHECK_FALSE(close_code_of(Error(Errc::timeout, "no answer")));
}

TEST_CASE("stopping the server closes channels with 1001 and waits for their handlers") {
  Pair pair;
  const auto channel = pair.open("/held").value();
  CHECK(eventually([&] { return pair.holding.load(); }));
  auto stopped = pair.running->begin(pair.running->server.stop(20s));
  const auto end = pair.receive(channel);
  CHECK(close_code_of(end.error()) == 1001U);
  CHECK(stopped.get());
  CHECK(pair.end == Errc::cancelled);
}

TEST_CASE("a channel is dropped by what its caller is") {
  Pair pair;
  const auto channel = pair.open("/held").value();
  CHECK(eventually([&] { return pair.holding.load(); }));
  pair.running->server.drop_connections(
      [](const auth::Caller& caller) { return caller.identity && caller.identity->name == "w-1"; });
  CHECK(pair.receive(channel).error().kind() == Errc::unreachable);
  CHECK(eventually([&] { return pair.ended.load(); }));
}

TEST_CASE("a refused dial says why") {
  Pair pair;
  CHECK(pair.open("/internal").has_value());
  const auto forbidden = pair.open("/admin");
  REQUIRE_FALSE(forbidden.has_value());
  CHECK(forbidden.error().kind() == Errc::not_permitted);
  CHECK(forbidden.error().context.find("it requires admin") != std::string::npos);
  CHECK(pair.open("/nothing").error().kind() == Errc::not_found);
}

TEST_CASE("frames that come with the upgrade request are not lost") {
  Router router;
  router.add(channel_route("/echo", echo));
  Running running(std::move(router));
  Peer peer(running.port);
  REQUIRE(peer.send(upgrade() + frame(0x81, "early") + frame(0x81, "close")));
  // The key and its answer are those of RFC 6455 section 1.3.
  CHECK(peer.receive_head().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
  CHECK(
      peer.receive_all().starts_with("\x81\x05"
                                     "early"));
}

TEST_CASE("pages of other origins and requests that are no upgrade are refused") {
  Router router;
  router.add(channel_route("/echo", echo));
  Running running(std::move(router));
  const auto status = [&](const std::string& request) {
    Peer peer(running.port);
    REQUIRE(peer.send(request));
    const std::string head = peer.receive_head();
    return head.substr(9, 3);
  };
  CHECK(status(upgrade("Origin: https://evil.example\r\n")) == "403");
  CHECK(status(upgrade("Origin: null\r\n")) == "403");
  CHECK(status(upgrade("Origin: http://a:1\r\n")) == "101");
  CHECK(status("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n") == "426");
  CHECK(status("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
               "8\r\n\r\n") == "426");
}

TEST_CASE("frames that break the protocol end the channel") {
  Router router;
  router.add(channel_route("/echo", echo));
  Running running(std::move(router));
  const std::string unmasked{'\x81', '\x01', 'x'};
  for (const auto& bad : {unmasked, frame(0x83, "x"), frame(0xC1, "x"), frame(0x81, "\xff"), frame(0x09, "x")}) {
    Peer peer(running.port);
    REQUIRE(peer.send(upgrade() + bad));
    peer.receive_head();
    const std::string rest = peer.receive_all();
    const bool only_a_close = rest.empty() || rest[0] == '\x88';
    CHECK(only_a_close);
  }
}
