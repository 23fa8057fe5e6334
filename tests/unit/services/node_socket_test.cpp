#include "services/node_socket.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <thread>

#include "host_fixture.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A program's side: blocking, on a thread of its own.
class SocketClient {
 public:
  explicit SocketClient(const fs::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return connected_; }
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t put = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  void end() const { ::shutdown(socket_.get(), SHUT_WR); }
  /// All that comes until the node closes.
  std::string read_all() const {
    std::string out;
    char chunk[4096];
    for (ssize_t got; (got = ::recv(socket_.get(), chunk, sizeof chunk, 0)) > 0;) {
      out.append(chunk, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  Descriptor socket_;
  bool connected_ = false;
};

struct NodeSocketFixture {
  test::TemporaryFolder folder;
  test::KeptLog log;
  asio::io_context loop;
  NodeSocket sockets{loop.get_executor(), folder.path() / "sockets",
                     [this](SocketRequest request) { return answer(std::move(request)); }, log};
  asio::steady_timer held{loop, Monotonic::max()};
  int held_count = 0, cancelled_count = 0;

  ~NodeSocketFixture() {
    loop.restart();
    asio::co_spawn(loop, sockets.stop(1min), [](std::exception_ptr) {});
    loop.run();
  }
  asio::awaitable<std::string> answer(SocketRequest request) {
    if (request.text == "hold") {
      ++held_count;
      co_await asio::this_coro::throw_if_cancelled(false);
      co_await held.async_wait(asio::as_tuple(asio::use_awaitable));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) ++cancelled_count;
    }
    if (request.text == "let go") held.expires_at(Monotonic::min());
    if (request.text == "tell") {
      for (const char* line : {"one", "two"}) request.tell(line);
    }
    co_return request.text == "silence" ? std::string() : request.service + " said " + request.text;
  }
  /// Runs the loop until the condition holds, within a generous bound.
  template <class Condition>
  bool until(Condition condition) {
    loop.restart();
    const auto work = asio::make_work_guard(loop);
    for (int i = 0; i < 60'000 && !condition(); ++i) loop.run_one_for(1ms);
    return condition();
  }
  /// Runs what a program does on a thread while the loop serves it.
  template <class Program>
  std::string serve(Program program) {
    std::string out;
    bool done = false;
    std::thread thread([&] {
      out = program();
      asio::post(loop, [&] { done = true; });
    });
    loop.restart();
    auto work = asio::make_work_guard(loop);
    while (!done) loop.run_one();
    thread.join();
    return out;
  }
};

TEST_CASE_FIXTURE(NodeSocketFixture, "requests are answered a line each, and who asks is known by the socket") {
  const fs::path disk = sockets.open("disk").value();
  const fs::path other = sockets.open("other").value();
  CHECK(sockets.open("disk").value() == disk);
  const auto ask = [](const fs::path& path, std::string_view text) {
    const SocketClient client(path);
    client.send(text);
    client.end();
    return client.read_all();
  };
  CHECK(serve([&] { return ask(disk, "a\r\n\nb\nsilence\n"); }) == "disk said a\ndisk said b\n");
  CHECK(serve([&] { return ask(other, "c\n"); }) == "other said c\n");
  CHECK(serve([&] { return ask(disk, "no newline"); }).empty());
}

TEST_CASE_FIXTURE(NodeSocketFixture, "what a program is told about a call comes before the answer") {
  const fs::path path = sockets.open("disk").value();
  const auto ask = [&] {
    const SocketClient client(path);
    client.send("tell\n");
    client.end();
    return client.read_all();
  };
  CHECK(serve(ask) == "one\ntwo\ndisk said tell\n");
}

TEST_CASE_FIXTURE(NodeSocketFixture, "a socket is gone with its service, and comes back after a crash") {
  const fs::path path = sockets.open("disk").value();
  CHECK(fs::is_socket(path));
  sockets.close("disk");
  loop.run();
  CHECK_FALSE(fs::exists(path));
  std::ofstream(path) << "left by a node that was killed";
  CHECK(sockets.open("disk").value() == path);
  CHECK(serve([&] {
          const SocketClient client(path);
          client.send("x\n");
          client.end();
          return client.read_all();
        }) == "disk said x\n");
}

TEST_CASE_FIXTURE(NodeSocketFixture,
                  "a connection from before the service was started again leaves the new socket alone") {
  const fs::path path = sockets.open("disk").value();
  std::optional<SocketClient> old(path);
  const auto ask = [](const SocketClient& client) {
    client.send("x\n");
    client.end();
    return client.read_all();
  };
  old->send("hold\n");
  REQUIRE(until([&] { return held_count == 1; }));
  sockets.close("disk");
  CHECK_FALSE(fs::exists(path));
  CHECK(sockets.open("disk").value() == path);
  old.reset();
  REQUIRE(until([&] { return cancelled_count == 1; }));
  loop.poll();
  REQUIRE(fs::is_socket(path));
  CHECK(serve([&] { return ask(SocketClient(path)); }) == "disk said x\n");
}

TEST_CASE_FIXTURE(NodeSocketFixture,
                  "calls of a program that closes its connection are cancelled, not of one that ends writing") {
  const fs::path path = sockets.open("disk").value();
  CHECK(serve([&] {
          const SocketClient patient(path);
          patient.send("hold\n");
          patient.end();
          const SocketClient other(path);
          other.send("let go\n");
          other.end();
          CHECK(other.read_all() == "disk said let go\n");
          return patient.read_all();
        }) == "disk said hold\n");
  CHECK(cancelled_count == 0);
  held.expires_at(Monotonic::max());
  std::optional<SocketClient> hasty(path);
  hasty->send("hold\nhold\n");
  REQUIRE(until([&] { return held_count == 3; }));
  hasty.reset();
  CHECK(until([&] { return cancelled_count == 2; }));
}

TEST_CASE_FIXTURE(NodeSocketFixture, "a request too long, or many answers that nobody reads, end the connection") {
  const fs::path path = sockets.open("disk").value();
  CHECK(serve([&] {
          const SocketClient client(path);
          const std::string chunk(1 << 20, 'x');
          client.send(chunk);
          client.send(chunk + "\n");
          return client.read_all();
        }).empty());
  CHECK(log.has("Services", "too long"));
  serve([&] {
    const SocketClient client(path);
    const std::string line = std::string(500'000, 'y') + "\n";
    while (client.send(line)) {
    }
    return std::string();
  });
  CHECK(log.has("Services", "does not read the answers"));
}

TEST_CASE_FIXTURE(NodeSocketFixture, "a path too long for a socket is said to be so") {
  CHECK(sockets.open(std::string(120, 's')).error().kind() == Errc::invalid);
}

}  // namespace
}  // namespace p2p::services
