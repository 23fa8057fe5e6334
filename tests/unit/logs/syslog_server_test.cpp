#include "logs/sources/syslog_server.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/write.hpp>

#include "base/json.hpp"
#include "log_testing.hpp"
#include "source_testing.hpp"

using namespace p2p;
using namespace p2p::logs;
namespace asio = boost::asio;

namespace {

struct SyslogFixture {
  explicit SyslogFixture(std::vector<std::string> addresses) : server(std::move(addresses), sink, clock, log) {
    const auto started = server.start();
    if (!started) FAIL(started.error().context);
  }
  std::uint16_t port(std::size_t index = 0) const {
    const std::string address = server.listening_at().at(index);
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  asio::ip::tcp::socket connect(std::size_t index = 0) {
    asio::ip::tcp::socket out(loop);
    out.connect({asio::ip::address_v4::loopback(), port(index)});
    return out;
  }
  static void send(asio::ip::tcp::socket& to, const std::string& bytes) { asio::write(to, asio::buffer(bytes)); }

  asio::io_context loop;
  KeepingSink sink;
  TestClock clock;
  CapturingSink log;
  SyslogServer server;
};

void send_local(const std::string& path, const std::string& text) {
  asio::io_context loop;
  asio::local::datagram_protocol::socket socket(loop);
  socket.open();
  socket.send_to(asio::buffer(text), asio::local::datagram_protocol::endpoint(path));
}

}  // namespace

TEST_CASE("TCP: both framings on one connection, and what is left at its end") {
  SyslogFixture fixture({"tcp://127.0.0.1:0"});
  auto socket = fixture.connect();
  SyslogFixture::send(socket, "<13>one\n7 <13>two<13>thr");
  CHECK(fixture.sink.messages(2) == std::vector<std::string>{"one", "two"});
  SyslogFixture::send(socket, "ee\n<13>four");
  socket.close();
  CHECK(fixture.sink.messages(4) == std::vector<std::string>{"one", "two", "three", "four"});
  CHECK(Json::parse(fixture.sink.wait_for(1)[0].attrs)["from"] == "127.0.0.1");
}

TEST_CASE("UDP: a datagram is a message, also an empty one and the largest") {
  SyslogFixture fixture({"udp://127.0.0.1:0"});
  asio::ip::udp::socket socket(fixture.loop, asio::ip::udp::v4());
  const asio::ip::udp::endpoint to(asio::ip::address_v4::loopback(), fixture.port());
  const std::string large = "<13>" + std::string(65'000, 'x');
  for (const std::string& text : {std::string("<13>one\ntwo"), std::string(), large})
    socket.send_to(asio::buffer(text), to);
  const auto messages = fixture.sink.messages(3);
  CHECK(messages[0] == "one\ntwo");
  CHECK(messages[1].empty());
  CHECK(messages[2] == large.substr(4));
}

TEST_CASE("unix: every user may write; the socket goes with the server, and a stale one is replaced") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "log").string();
  {
    SyslogFixture fixture({"unix://" + path});
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0666);
    send_local(path, "<13>one");
    CHECK(fixture.sink.messages(1) == std::vector<std::string>{"one"});
    // Another server does not take it away.
    SyslogServer other({"unix://" + path}, fixture.sink, fixture.clock, fixture.log);
    const auto started = other.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().kind() == Errc::exists);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {
    asio::io_context loop;
    asio::local::datagram_protocol::socket stale(loop, asio::local::datagram_protocol::endpoint(path));
  }
  CHECK(std::filesystem::exists(path));
  SyslogFixture fixture({"unix://" + path});
  send_local(path, "<13>two");
  CHECK(fixture.sink.messages(1) == std::vector<std::string>{"two"});
}

TEST_CASE("a file at the place of the socket stays") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "log").string();
  std::fclose(std::fopen(path.c_str(), "w"));
  KeepingSink sink;
  const TestClock clock;
  CapturingSink log;
  SyslogServer server({"udp://127.0.0.1:0", "unix://" + path}, sink, clock, log);
  CHECK(server.start().error().kind() == Errc::exists);
  CHECK(std::filesystem::exists(path));
  CHECK(server.listening_at().empty());
}

TEST_CASE("a message over the limit is cut, and says how long it was") {
  SyslogFixture fixture({"tcp://127.0.0.1:0"});
  auto socket = fixture.connect();
  const std::string large = "<13>" + std::string(10 << 20, 'x');
  SyslogFixture::send(socket, std::to_string(large.size()) + " " + large + "<13>next\n");
  const auto records = fixture.sink.wait_for(2);
  CHECK(records[0].message.size() == kMaxMessageBytes);
  CHECK(Json::parse(records[0].attrs)["message_cut_from_bytes"] == 10 << 20);
  CHECK(records[1].message == "next");
}

TEST_CASE("without room TCP waits, and nothing is lost") {
  SyslogFixture fixture({"tcp://127.0.0.1:0"});
  fixture.sink.set_room(false);
  auto socket = fixture.connect();
  SyslogFixture::send(socket, "<13>one\n");
  fixture.sink.wait_for(1);
  // More than the buffers between hold: the sender feels it.
  socket.non_blocking(true);
  const std::string line = "<13>" + std::string(1019, 'x') + "\n";
  std::size_t sent = 0;
  boost::system::error_code error;
  while (!error && sent < (64 << 20))
    sent += socket.write_some(asio::buffer(line.data() + sent % 1024, 1024 - sent % 1024), error);
  CHECK(error == asio::error::would_block);
  fixture.sink.set_room(true);
  socket.close();
  const std::size_t lines = (sent + 1023) / 1024;
  CHECK(fixture.sink.wait_for(1 + lines).size() == 1 + lines);
}

TEST_CASE("connections are bounded") {
  SyslogFixture fixture({"tcp://127.0.0.1:0"});
  std::vector<asio::ip::tcp::socket> sockets;
  for (std::size_t i = 0; i < kMaxSyslogConnections; ++i) {
    sockets.push_back(fixture.connect());
    SyslogFixture::send(sockets.back(), "<13>x\n");
  }
  fixture.sink.wait_for(kMaxSyslogConnections);
  auto refused = fixture.connect();
  char byte = 0;
  boost::system::error_code error;
  refused.read_some(asio::buffer(&byte, 1), error);
  CHECK(error == asio::error::eof);
  CHECK(fixture.log.has("WARNING Syslog: more connections"));
  SyslogFixture::send(sockets.front(), "<13>still there\n");
  CHECK(fixture.sink.messages(kMaxSyslogConnections + 1).back() == "still there");
}

TEST_CASE("what was received before the stop is handed over") {
  SyslogFixture fixture({"tcp://127.0.0.1:0", "udp://127.0.0.1:0"});
  auto socket = fixture.connect();
  SyslogFixture::send(socket, "<13>x\n");
  fixture.sink.wait_for(1);
  asio::ip::udp::socket datagrams(fixture.loop, asio::ip::udp::v4());
  for (int i = 0; i < 100; ++i) {
    SyslogFixture::send(socket, "<13>x\n");
    datagrams.send_to(asio::buffer("<13>x", 5), {asio::ip::address_v4::loopback(), fixture.port(1)});
  }
  fixture.server.stop();
  CHECK(fixture.sink.size() == 201);
}

TEST_CASE("a port in use, and a name that nobody has, stop the start") {
  SyslogFixture fixture({"tcp://127.0.0.1:0"});
  SyslogServer second({"tcp://127.0.0.1:" + std::to_string(fixture.port())}, fixture.sink, fixture.clock, fixture.log);
  CHECK(second.start().error().kind() == Errc::exists);
  SyslogServer third({"udp://nobody.invalid:514"}, fixture.sink, fixture.clock, fixture.log);
  CHECK(third.start().error().kind() == Errc::invalid);
}
