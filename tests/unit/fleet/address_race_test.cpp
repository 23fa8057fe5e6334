// Real sockets on loopback: some answer as a coordinator, some take a connection and say nothing, some refuse.
#include "../../../tools/p2p-node/fleet/address_race.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "../net/support/peer.hpp"
#include "../net/support/running_server.hpp"
#include "base/system_clock.hpp"

using namespace p2p;
using namespace p2p::node;
using namespace p2p::test;
namespace net = p2p::net;

namespace {

std::unique_ptr<net::TlsContexts> contexts(const Authority& authority, const Leaf& leaf) {
  net::TlsMaterial material;
  material.ca = authority.pem();
  const Pem own = authority.issue(leaf);
  material.certificate = own.certificate;
  material.private_key = own.key;
  return std::move(net::TlsContexts::make(material).value());
}

net::Router answering() {
  net::Router out;
  out.add(make_route(net::Method::get, "/internal/instance",
                     [](net::Request&) -> asio::awaitable<net::Response> { co_return net::Response::text("here"); }));
  return out;
}

std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

struct Scene {
  Scene() : running(answering(), server_tls.get()), client(loop.get_executor(), *client_tls, log) {}

  std::shared_ptr<AddressRace> race(std::vector<std::string> addresses) {
    const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
    return std::make_shared<AddressRace>(loop.get_executor(), client, tasks, std::move(addresses), coordinator, 10s,
                                         clock);
  }
  /// Until the race has ended; the losers are then let go of. None where it was cancelled.
  std::optional<Result<std::string>> run(const std::shared_ptr<AddressRace>& race, bool is_cancelled = false) {
    std::optional<Result<std::string>> out;
    asio::cancellation_signal signal;
    auto ended = [&](const std::exception_ptr& thrown, Result<std::string> result) {
      if (!thrown) out = std::move(result);
      client.close();
      tasks.cancel();
    };
    auto racing = race->run();
    asio::co_spawn(loop, std::move(racing), asio::bind_cancellation_slot(signal.slot(), ended));
    // After it has begun.
    if (is_cancelled) asio::post(loop, [&] { signal.emit(asio::cancellation_type::terminal); });
    loop.run();
    return out;
  }

  Authority authority;
  std::unique_ptr<net::TlsContexts> server_tls = contexts(authority, coordinator("c-1"));
  std::unique_ptr<net::TlsContexts> client_tls = contexts(authority, worker("w-1"));
  Running running;
  asio::io_context loop;
  RecordingSink log;
  SystemClock clock;
  net::Client client;
  net::TaskGroup tasks{loop.get_executor(), log};
};

}  // namespace

TEST_CASE("the one that answers wins, though one before it takes a connection and says nothing") {
  Scene scene;
  Listening silent;
  const auto won = scene.run(scene.race({at(silent.port()), at(scene.running.port)}));
  REQUIRE(won.has_value());
  REQUIRE(won->has_value());
  CHECK(won->value() == at(scene.running.port));
}

TEST_CASE("of two that answer the first wins") {
  Scene scene;
  Running other(answering(), scene.server_tls.get());
  const auto won = scene.run(scene.race({at(other.port), at(scene.running.port)}));
  REQUIRE(won.has_value());
  REQUIRE(won->has_value());
  CHECK(won->value() == at(other.port));
}

TEST_CASE("with nobody there the error says what the last one met, and nonsense is passed over") {
  Scene scene;
  std::uint16_t gone = 0;
  {
    Listening there;
    gone = there.port();
  }
  const auto lost = scene.run(scene.race({"no address", at(gone)}));
  REQUIRE(lost.has_value());
  REQUIRE_FALSE(lost->has_value());
  CHECK(lost->error().kind() == Errc::unreachable);
  CHECK(lost->error().context.find("Connection refused") != std::string::npos);
}

TEST_CASE("somebody else there does not win") {
  Scene scene;
  const auto other_tls = contexts(scene.authority, worker("w-2"));
  Running other(answering(), other_tls.get());
  const auto won = scene.run(scene.race({at(other.port), at(scene.running.port)}));
  REQUIRE(won.has_value());
  REQUIRE(won->has_value());
  CHECK(won->value() == at(scene.running.port));
}

TEST_CASE("a race that is cancelled ends at once") {
  Scene scene;
  Listening silent;
  CHECK_FALSE(scene.run(scene.race({at(silent.port())}), true).has_value());
}
