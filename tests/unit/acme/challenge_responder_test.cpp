#include "acme/challenge_responder.hpp"

#include <doctest/doctest.h>

#include "../net/support/peer.hpp"
#include "../net/support/running_server.hpp"
#include "net/run_on.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace p2p::test;

namespace {

/// A responder on the first session loop; its members are called there.
struct Case {
  Case() : loops(1), responder(loops.session(0), "127.0.0.1", 0, log) { loops.start(); }
  ~Case() {
    stop();
    loops.stop();
    loops.join();
  }
  Result<void> serve(const std::string& token, const std::string& answer) {
    return on_loop([this, token, answer] { return responder.serve(token, answer); });
  }
  template <class Work>
  std::invoke_result_t<Work&> on_loop(Work work) {
    return asio::co_spawn(loops.session(0), net::run_on(loops.session(0).get_executor(), std::move(work)),
                          asio::use_future)
        .get();
  }
  void stop() { asio::co_spawn(loops.session(0), responder.stop(), asio::use_future).get(); }
  Reply get(const std::string& path) {
    Peer peer(responder.port());
    peer.send("GET " + path + " HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    return peer.receive();
  }

  RecordingSink log;
  net::Loops loops;
  ChallengeResponder responder;
};

}  // namespace

TEST_CASE("exactly the known tokens are answered, as text") {
  Case c;
  REQUIRE(c.serve("t1", "t1.thumb").has_value());
  REQUIRE(c.serve("t2", "t2.thumb").has_value());
  const Reply reply = c.get("/.well-known/acme-challenge/t1");
  CHECK(reply.status == 200);
  CHECK(reply.body == "t1.thumb");
  CHECK(reply.has("Content-Type: text/plain"));
  CHECK(c.get("/.well-known/acme-challenge/t2").body == "t2.thumb");
  for (const char* path : {"/.well-known/acme-challenge/t3", "/.well-known/acme-challenge/", "/", "/health",
                           "/.well-known/acme-challenge/t1/x"}) {
    CAPTURE(path);
    CHECK(c.get(path).status == 404);
  }
}

TEST_CASE("it listens only while there are tokens, and again for the next ones") {
  Case c;
  CHECK(c.responder.port() == 0);
  REQUIRE(c.serve("t1", "t1.thumb").has_value());
  const std::uint16_t port = c.responder.port();
  Peer open(port);
  c.stop();
  CHECK(c.responder.port() == 0);
  CHECK(open.is_closed());
  CHECK_THROWS(Peer(port));
  c.stop();
  REQUIRE(c.serve("t2", "t2.thumb").has_value());
  CHECK(c.get("/.well-known/acme-challenge/t1").status == 404);
  CHECK(c.get("/.well-known/acme-challenge/t2").body == "t2.thumb");
}

TEST_CASE("a port that is taken is named") {
  Case c;
  const Listening taken;
  ChallengeResponder second(c.loops.session(0), "127.0.0.1", taken.port(), c.log);
  const auto refused = c.on_loop([&second] { return second.serve("t1", "t1.thumb"); });
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == Errc::exists);
  CHECK(refused.error().context.find(std::to_string(taken.port())) != std::string::npos);
}

TEST_CASE("tokens are bounded") {
  Case c;
  for (int i = 0; i < 100; ++i) REQUIRE(c.serve("t" + std::to_string(i), "x").has_value());
  CHECK(c.serve("one more", "x").error().kind() == Errc::too_large);
}
