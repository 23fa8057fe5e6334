// Real sockets on loopback, of which 127.0.0.1 and 127.0.0.2 are two own addresses.
#include "addresses/prober.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "../net/support/peer.hpp"
#include "../net/support/running_server.hpp"
#include "base/json.hpp"
#include "net/run_alone.hpp"

using namespace p2p;
using namespace p2p::addresses;
using namespace p2p::net;
using namespace p2p::test;

namespace {

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::unique_ptr<TlsContexts> contexts(const Authority& authority, const std::optional<Leaf>& leaf) {
  TlsMaterial material;
  material.ca = authority.pem();
  if (leaf) {
    const Pem own = authority.issue(*leaf);
    material.certificate = own.certificate;
    material.private_key = own.key;
  }
  return std::move(TlsContexts::make(material).value());
}

asio::awaitable<Response> healthy(Request&) { co_return Response::text("ok"); }
asio::awaitable<Response> stopping(Request&) { co_return Response::text("stopping", 503); }
asio::awaitable<Response> endless(Request&) { co_return Response::text(std::string(1 << 20, 'x')); }
/// What the other side saw, in the words of the protocol's page.
asio::awaitable<Response> dial_back(Request& request) {
  const Json asked = parse_json(request.body).value();
  const bool is_asked = asked.contains("port");
  co_return Response::json(dump_json({{"seen_as", request.caller.address},
                                      {"dials_back", is_asked ? Json(asked["port"] == 8001) : Json()},
                                      {"failure", is_asked && asked["port"] != 8001 ? "the port is another" : ""}}));
}

Router new_router(Handler health = healthy, bool knows_dial_back = true) {
  Router out;
  out.add(make_route(Method::get, "/health", std::move(health)));
  if (knows_dial_back) out.add(make_route(Method::post, "/cluster/dial-back", dial_back));
  return out;
}

/// A coordinator c-1, and a worker w-1 that probes.
struct Scene {
  explicit Scene(Router router = new_router(), const Leaf& server = coordinator("c-1"))
      : server_tls(contexts(authority, server)),
        client_tls(contexts(authority, worker("w-1"))),
        running(std::move(router), server_tls.get()) {
    request.sources = {{"127.0.0.1", "lo"}, {"127.0.0.2", "lo"}};
    request.targets = {{"127.0.0.1", running.port}};
    request.tls = client_tls->state();
    request.timeout = 10s;
  }

  std::vector<TargetPaths> run() { return run_alone(loop, probe(loop.get_executor(), request, log)); }
  PathProbe run_one() {
    request.sources.resize(1);
    const auto found = run();
    REQUIRE(found.size() == 1);
    REQUIRE(found[0].paths.size() == 1);
    return found[0].paths[0];
  }

  Authority authority;
  std::unique_ptr<TlsContexts> server_tls, client_tls;
  Running running;
  asio::io_context loop;
  RecordingSink log;
  ProbeRequest request;
};

/// A port of 127.0.0.1 on which nobody listens, as long as this lives.
class TakenPort {
 public:
  TakenPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~TakenPort() { ::close(socket_); }
  std::uint16_t port = 0;

 private:
  int socket_;
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// What is shown by a path to a port where `other` answers.
PathProbe against(const std::function<void(p2p::test::Peer&)>& other) {
  Scene scene;
  Listening listening;
  scene.request.targets = {{"127.0.0.1", listening.port()}};
  std::thread there([&] {
    p2p::test::Peer peer = listening.accept();
    other(peer);
  });
  const PathProbe out = scene.run_one();
  there.join();
  return out;
}

}  // namespace

TEST_CASE("each path shows how far it came, how we are seen from there, and that we are dialled back") {
  Scene scene;
  scene.request.dial_back_port = 8001;
  const auto found = scene.run();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].paths.size() == 2);
  for (const auto& path : found[0].paths) {
    CHECK(path.target == "127.0.0.1:" + std::to_string(scene.running.port));
    CHECK(path.reached == Reached::healthy);
    CHECK(path.peer == addresses::Peer::expected);
    CHECK(path.peer_name == "c-1");
    CHECK(path.round_trip.has_value());
    CHECK(path.seen_as == path.source);
    CHECK(path.dials_back == true);
    CHECK(path.failure.empty());
  }
  CHECK(found[0].paths[0].source == "127.0.0.1");
  CHECK(found[0].paths[1].source == "127.0.0.2");
}

TEST_CASE("that it cannot dial back is told beside a path that works") {
  Scene scene;
  scene.request.dial_back_port = 1;
  const auto path = scene.run_one();
  CHECK(path.reached == Reached::healthy);
  CHECK(path.dials_back == false);
  CHECK(path.failure == "it cannot dial back: the port is another");
}

TEST_CASE("whoever is no node wants to know only how it is seen") {
  Scene scene;
  const auto path = scene.run_one();
  CHECK(path.seen_as == "127.0.0.1");
  CHECK_FALSE(path.dials_back.has_value());
  CHECK(path.failure.empty());
}

TEST_CASE("a coordinator that cannot tell leaves it open, and the path is good") {
  Scene scene(new_router(healthy, false));
  scene.request.dial_back_port = 8001;
  const auto path = scene.run_one();
  CHECK(path.reached == Reached::healthy);
  CHECK_FALSE(path.seen_as.has_value());
  CHECK_FALSE(path.dials_back.has_value());
  CHECK(path.failure.empty());
}

TEST_CASE("a node that is stopping is the one that was asked for, but not well") {
  Scene scene(new_router(stopping));
  const auto path = scene.run_one();
  CHECK(path.reached == Reached::tls);
  CHECK(path.peer == addresses::Peer::expected);
  CHECK(says(path.failure, "503"));
}

TEST_CASE("a node whose answer is no answer is a way that fails, and is told as one") {
  Scene scene(new_router(endless));
  const PathProbe path = scene.run_one();
  CHECK(path.reached == Reached::tls);
  CHECK_FALSE(path.is_good);
  CHECK(says(path.failure, "/health"));
}

TEST_CASE("another node of the fleet is not the one that was asked for") {
  Scene scene(new_router(), worker("w-2"));
  auto path = scene.run_one();
  CHECK(path.reached == Reached::tls);
  CHECK(path.peer == addresses::Peer::foreign);
  CHECK(path.peer_name == "w-2");
  CHECK_FALSE(path.is_good);
  CHECK(says(path.failure, "another member of the fleet answers there: \"w-2\" is a worker, not a coordinator"));
  scene.request.expected.node_id = "w-3";
  path = scene.run_one();
  CHECK(path.peer == addresses::Peer::foreign);
  CHECK(says(path.failure, "the peer is \"w-2\", not \"w-3\""));
  scene.request.expected.node_id = "w-2";
  CHECK(scene.run_one().peer == addresses::Peer::expected);
}

TEST_CASE("a machine with another CA's certificate is foreign, and is told nothing") {
  std::string heard;
  const auto path = against([&](p2p::test::Peer& peer) {
    if (peer.accept_tls(Authority("foreign").issue(coordinator("c-1")), "p2p/1")) heard = peer.receive_all();
  });
  CHECK(path.reached == Reached::connected);
  CHECK(path.peer == addresses::Peer::foreign);
  CHECK(says(path.failure, "something else answers there: the certificate of"));
  CHECK(heard.empty());
}

TEST_CASE("a program that speaks something else is foreign") {
  const auto path = against([](p2p::test::Peer& peer) {
    peer.send("SSH-2.0-OpenSSH_9.2p1\r\n");
    peer.receive_all();
  });
  CHECK(path.peer == addresses::Peer::foreign);
  CHECK(path.reached == Reached::connected);
}

TEST_CASE("who closes without a word is nobody in particular") {
  const auto path = against([](p2p::test::Peer&) {});
  CHECK(path.peer == addresses::Peer::unknown);
  CHECK(path.reached == Reached::connected);
  CHECK_FALSE(path.failure.empty());
}

TEST_CASE("a server that never finishes the handshake costs its time and no more") {
  Scene scene;
  const Listening silent;
  scene.request.targets = {{"127.0.0.1", silent.port()}};
  scene.request.timeout = 100ms;
  const auto path = scene.run_one();
  CHECK(path.reached == Reached::connected);
  CHECK(path.peer == addresses::Peer::unknown);
  CHECK(says(path.failure, "handshake"));
}

TEST_CASE("a closed port and an address that is not ours say so") {
  Scene scene;
  const TakenPort closed;
  scene.request.targets = {{"127.0.0.1", closed.port}};
  auto path = scene.run_one();
  CHECK(path.reached == Reached::nothing);
  CHECK(path.peer == addresses::Peer::unknown);
  CHECK(says(path.failure, "connection refused"));
  // 192.0.2.0/24 is for documentation (RFC 5737), 198.51.100.0/24 too.
  scene.request.sources = {{"198.51.100.77"}};
  scene.request.targets = {{"192.0.2.1", closed.port}};
  path = scene.run_one();
  CHECK(path.reached == Reached::nothing);
  CHECK(says(path.failure, "no address of this machine"));
}

TEST_CASE("a name stands for its addresses, and one that leads nowhere for none") {
  Scene scene;
  scene.request.targets = {{"localhost", scene.running.port}, {"name.invalid", 1}, {"2001:db8::1", 1}};
  const auto found = scene.run();
  REQUIRE(found.size() == 3);
  REQUIRE(found[0].paths.size() >= 2);
  CHECK(found[0].target.host == "localhost");
  CHECK(found[0].paths[0].target == "127.0.0.1:" + std::to_string(scene.running.port));
  CHECK(found[0].paths[0].reached == Reached::healthy);
  // RFC 6761 section 6.4: .invalid never resolves.
  REQUIRE(found[1].paths.size() == 1);
  CHECK(found[1].paths[0].failure == "the name name.invalid is not known to the resolver");
  REQUIRE(found[2].paths.size() == 1);
  CHECK(says(found[2].paths[0].failure, "no address of this machine is of its kind"));
}

TEST_CASE("the first good one is enough: who is silent is not waited for") {
  Scene scene;
  const Listening silent;
  scene.request.sources.resize(1);
  scene.request.targets.insert(scene.request.targets.begin(), Endpoint{"127.0.0.1", silent.port()});
  scene.request.aim = ProbeAim::first_good;
  scene.request.timeout = 60s;
  const auto found = scene.run();
  REQUIRE(found.size() == 2);
  CHECK(found[0].paths.empty());
  REQUIRE(found[1].paths.size() == 1);
  CHECK(found[1].paths[0].reached == Reached::healthy);
}

TEST_CASE("without a fleet a port is enough, and that TLS answers is told") {
  Scene scene;
  scene.request.tls = nullptr;
  auto path = scene.run_one();
  CHECK(path.reached == Reached::tls);
  CHECK(path.peer == addresses::Peer::unknown);
  CHECK(path.round_trip.has_value());
  CHECK(path.failure.empty());
  const Listening silent;
  scene.request.targets = {{"127.0.0.1", silent.port()}};
  path = scene.run_one();
  CHECK(path.reached == Reached::connected);
  CHECK(path.failure.empty());
}

TEST_CASE("a cancelled caller is given what is known, and nothing goes on: no work, no descriptor") {
  Scene scene;
  const Listening silent;
  scene.request.targets.push_back({"127.0.0.1", silent.port()});
  scene.request.timeout = 60s;
  const auto before = open_descriptors();
  {
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::optional<std::vector<TargetPaths>> found;
    auto task = probe(loop.get_executor(), scene.request, scene.log);
    asio::co_spawn(loop, std::move(task),
                   asio::bind_cancellation_slot(signal.slot(),
                                                [&](const std::exception_ptr& failed, std::vector<TargetPaths> result) {
                                                  if (!failed) found = std::move(result);
                                                }));
    // Until only those that wait for the silent one are left.
    CHECK(eventually([&] {
      loop.poll();
      return scene.running.server.counters().requests >= 4 && scene.running.server.counters().open_connections == 0;
    }));
    signal.emit(asio::cancellation_type::terminal);
    loop.run();  // ends when nothing is under way any more
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 2);
    CHECK((*found)[0].paths.size() == 2);
    CHECK((*found)[1].paths.empty());
  }
  CHECK(eventually([&] { return open_descriptors() <= before; }));
}
