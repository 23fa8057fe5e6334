#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/json.hpp"
#include "log_testing.hpp"
#include "logs/forward/log_forwarder.hpp"
#include "logs/forward/sent_window.hpp"
#include "logs/forward/syslog_text.hpp"
#include "logs/sources/syslog_framing.hpp"
#include "logs/sources/syslog_message.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST_CASE("a record as RFC 5424, counted") {
  auto record = make_record(7, "disk \"full\"\nnow", LogLevel::error, "Service.disk [a]");
  record.node_id = "worker-1";
  record.epoch = 9;
  std::string text;
  append_syslog_message(text, record);
  // 3 * 8 + 3; APP-NAME without spaces.
  const std::string expected =
      "<27>1 2026-01-02T03:04:05.000000Z worker-1 Service.disk_[a] - - "
      "[p2p@32473 node_id=\"worker-1\" logger=\"Service.disk [a\\]\" epoch=\"9\" seq=\"7\"] disk \"full\"\nnow";
  CHECK(text == std::to_string(expected.size()) + " " + expected);
}

TEST_CASE("whatever a record has, one message comes of it") {
  auto record = make_record(1, std::string(kMaxMessageBytes, '\n'), LogLevel::critical, "\xC3\xA9\x1B]0;");
  std::string text;
  for (int i = 0; i < 2; ++i) append_syslog_message(text, record);
  SyslogFramer framer;
  const auto frames = framer.feed(text);
  REQUIRE(frames.size() == 2);
  CHECK_FALSE(framer.finish().has_value());
  const auto read = parse_syslog(frames[1].text, {});
  CHECK(Json::parse(read.attrs)["structured_data"]["p2p@32473"]["logger"] == record.logger_name);
  CHECK(Json::parse(read.attrs)["appname"] == "___]0;");
  CHECK(Json::parse(read.attrs)["severity"] == "crit");
}

TEST_CASE("what came by syslog is known by its logger") {
  CHECK(is_from_syslog(make_record(1, "x", LogLevel::info, "Syslog")));
  CHECK(is_from_syslog(make_record(1, "x", LogLevel::info, "Syslog.sshd")));
  CHECK_FALSE(is_from_syslog(make_record(1, "x", LogLevel::info, "Syslogger")));
  CHECK_FALSE(is_from_syslog(make_record(1, "x", LogLevel::info, "Service.Syslog")));
}

TEST_CASE("what a connection leaves unclear is sent again") {
  const Monotonic begin{};
  SentWindow window(100);
  window.sent(110, 1000, WallTime(1s), begin);
  window.sent(120, 2000, WallTime(2s), begin + 4s);
  window.acknowledged(1999, begin + 4s);
  CHECK(window.taken() == 110);
  CHECK(window.oldest() == WallTime(2s));
  window.acknowledged(2000, begin + 5s);
  CHECK(window.taken() == 120);
  CHECK_FALSE(window.oldest().has_value());
  SUBCASE("closed in order, the server has read all that was acknowledged") {
    window.connection_ended(true);
    CHECK(window.taken() == 120);
    window.connection_ended(false);
    CHECK(window.taken() == 120);
  }
  SUBCASE("broken, it may not have read the last seconds") {
    window.connection_ended(false);
    CHECK(window.taken() == 110);
  }
  SUBCASE("after a quiet time it has") {
    window.acknowledged(2000, begin + 9s);
    window.connection_ended(false);
    CHECK(window.taken() == 120);
  }
}

namespace {

/// A syslog server that reads with the framing of RFC 6587.
struct TestServer {
  TestServer() : acceptor(loop, {asio::ip::address_v4::loopback(), 0}), port(acceptor.local_endpoint().port()) {}

  void accept() {
    socket.emplace(acceptor.accept());
    framer = {};
  }
  /// The next messages of records, by the text after structured data.
  std::vector<std::string> read(std::size_t count) {
    std::vector<std::string> out;
    while (out.size() < count) {
      if (waiting.empty()) {
        std::array<char, 4096> bytes;
        boost::system::error_code error;
        const std::size_t size = socket->read_some(asio::buffer(bytes), error);
        if (error) break;
        for (auto& frame : framer.feed({bytes.data(), size})) waiting.push_back(parse_syslog(frame.text, {}).message);
        continue;
      }
      out.push_back(waiting.front());
      waiting.erase(waiting.begin());
    }
    return out;
  }

  asio::io_context loop;
  asio::ip::tcp::acceptor acceptor;
  std::uint16_t port;
  std::optional<asio::ip::tcp::socket> socket;
  SyslogFramer framer;
  std::vector<std::string> waiting;
};

struct ForwardFixture : StoreFixture {
  ForwardFixture() : hub(store->last_number()), pool(1) {}

  void store_and_publish(const std::vector<std::string>& messages, const std::string& logger = "Gossip") {
    std::vector<LogRecord> records;
    for (const auto& message : messages) records.push_back(make_record(++seq, message, LogLevel::info, logger));
    hub.publish(append({batch("worker-1", std::move(records))}));
  }
  void start() {
    auto made = forward_options("tcp://127.0.0.1:" + std::to_string(server.port), "", folder.path() / "cursor");
    REQUIRE(made.has_value());
    forwarder =
        std::make_unique<LogForwarder>(std::move(*made), LogAccess{*store, hub, pool, searches, clock}, random, sink);
    forwarder->start();
  }
  void wait_for_no_lag() const {
    REQUIRE(eventually([&] { return forwarder->lag() == 0ms; }));
  }

  std::uint64_t seq = 0;
  Hub hub;
  net::BlockingPool pool;
  Searches searches;
  TestServer server;
  std::unique_ptr<LogForwarder> forwarder;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what is stored from the first start on is sent, in order, without what came by syslog") {
  ForwardFixture fixture;
  fixture.store_and_publish({"old"});
  fixture.start();
  fixture.server.accept();
  fixture.store_and_publish({"one", "two"});
  fixture.store_and_publish({"from syslog"}, "Syslog.app");
  fixture.store_and_publish({"three"});
  CHECK(fixture.server.read(3) == Texts{"one", "two", "three"});
}

TEST_CASE("it goes on where it was after a restart, and repeats nothing that was taken") {
  ForwardFixture fixture;
  fixture.start();
  fixture.server.accept();
  fixture.store_and_publish({"one"});
  CHECK(fixture.server.read(1) == Texts{"one"});
  fixture.forwarder->stop();
  fixture.server.socket.reset();
  fixture.forwarder.reset();
  fixture.store_and_publish({"two", "three"});
  fixture.start();
  fixture.server.accept();
  CHECK(fixture.server.read(2) == Texts{"two", "three"});
}

TEST_CASE("a server that goes and comes back gets the rest; a broken connection repeats the last seconds") {
  for (const bool in_order : {true, false}) {
    ForwardFixture fixture;
    fixture.start();
    fixture.server.accept();
    fixture.store_and_publish({"one"});
    CHECK(fixture.server.read(1) == Texts{"one"});
    fixture.wait_for_no_lag();
    if (!in_order) fixture.server.socket->set_option(asio::socket_base::linger(true, 0));  // RST
    fixture.server.socket->close();  // the destructor would leave out the option
    REQUIRE(eventually([&] { return !fixture.forwarder->is_connected(); }));
    fixture.store_and_publish({"two"});
    fixture.server.accept();
    CHECK(fixture.server.read(in_order ? 1 : 2) == (in_order ? Texts{"two"} : Texts{"one", "two"}));
  }
}

TEST_CASE("a backlog larger than memory comes from the store; what is not taken shows as lag") {
  ForwardFixture fixture;
  fixture.start();
  fixture.server.accept();
  Texts expected;
  for (int i = 0; i < 40; ++i) {
    Texts part;
    for (int k = 0; k < 500; ++k) part.push_back(std::to_string(i * 500 + k) + std::string(400, ' ') + "x");
    fixture.store_and_publish(part);
    expected.insert(expected.end(), part.begin(), part.end());
  }
  // More than the buffers between hold waits.
  fixture.clock.advance(3s);
  REQUIRE(eventually([&] { return fixture.forwarder->lag() >= 3s; }));
  CHECK(fixture.server.read(expected.size()) == expected);
  fixture.wait_for_no_lag();
  CHECK(fixture.forwarder->sent_count() == expected.size());
}

TEST_CASE("a cursor of another store begins with the oldest record, and says so") {
  ForwardFixture fixture;
  std::FILE* file = std::fopen((fixture.folder.path() / "cursor").c_str(), "w");
  std::fputs("0123456789abcdef-5\n", file);
  std::fclose(file);
  fixture.store_and_publish({"one"});
  fixture.start();
  fixture.server.accept();
  CHECK(fixture.server.read(1) == Texts{"one"});
  CHECK(fixture.sink.has("WARNING Forward: it begins with the oldest record"));
}

TEST_CASE("targets: TLS with the system's roots or others") {
  CHECK(forward_options("tls://syslog.example:6514", "", {}).value().trust.has_value());
  CHECK_FALSE(forward_options("tcp://[::1]:514", "", {}).value().trust.has_value());
  CHECK(forward_options("tcp://[::1]:514", "", {}).value().server.host == "::1");
  CHECK_FALSE(forward_options("tls://syslog.example:6514", "no PEM", {}).has_value());
  CHECK_FALSE(forward_options("tcp://", "", {}).has_value());
}
