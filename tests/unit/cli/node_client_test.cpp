// The client of the tools against the real server, on loopback.
#include "cli/node_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <sstream>
#include <streambuf>

#include "../temporary_folder.hpp"
#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "net/loops.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"
#include "pki/authority.hpp"
#include "pki/certificate_folder.hpp"

using namespace p2p;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

pki::Authority make_authority() {
  return std::move(pki::Authority::make(pki::AuthorityRequest{}, SystemClock().wall()).value());
}

void sign(const pki::Authority& authority, const pki::CertificateFolder& folder, pki::Role role,
          const std::string& name) {
  const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256);
  REQUIRE(key.has_value());
  pki::LeafRequest request;
  request.role = role;
  request.name = name;
  const auto certificate = authority.issue(request, **key, SystemClock().wall());
  REQUIRE(certificate.has_value());
  REQUIRE(pki::write_pair(folder.files_of(name), *certificate, **key, false).has_value());
}

std::string text_of(const fs::path& file) { return read_file(file, 1 << 20).value(); }

std::atomic<int> busy_count{0};

net::Response limited(const char* retry_after) {
  auto out = net::Response::problem(429, "limit reached");
  out.headers.add("Retry-After", retry_after);
  return out;
}

/// Answers by the method's name, so that each test says what it wants in the call.
asio::awaitable<net::Response> answer(net::Request& request) {
  const auto respond = [](const std::string& tail) {
    return net::Response::json("{\"jsonrpc\":\"2.0\",\"id\":1," + tail + "}");
  };
  const std::string& body = request.body;
  if (body.find("test.limited") != std::string::npos) co_return limited("60");
  if (body.find("test.hour") != std::string::npos) co_return limited("3600");
  if (body.find("test.busy") != std::string::npos && ++busy_count < 3) co_return limited("0");
  if (body.find("test.junk") != std::string::npos) co_return net::Response::text("<html>");
  if (body.find("test.refused") != std::string::npos)
    co_return respond(R"("error":{"code":-32004,"message":"needs admin"})");
  co_return respond("\"result\":[\"" + std::string(request.headers.get("P2P-Target")) + "\",\"" +
                    std::string(request.headers.get("P2P-Timeout-Ms")) + "\",\"" +
                    (request.caller.identity ? request.caller.identity->name : "nobody") + "\",9007199254740993]");
}

asio::awaitable<void> count_to_three(net::Request, net::ChannelPtr channel) {
  auto first = co_await channel->receive();
  if (!first) co_return;
  for (const char* text : {"1", "2", "3"}) {
    net::Message message{false, first->data + text};
    channel->send(std::move(message));
  }
  channel->close(1000, "");
}

/// A fleet's CA, an operator's home, and a server with the certificate of `role`.
class Fleet {
 public:
  explicit Fleet(pki::Role role = pki::Role::coordinator) {
    const pki::CertificateFolder certs(home / "certs");
    const auto authority = make_authority();
    sign(authority, certs, pki::Role::operator_, "operator");
    sign(authority, certs, role, "server");
    REQUIRE(write_file(home / "certs/ca_cert.pem", authority.certificate().pem(), kPublicMode).has_value());

    net::TlsMaterial material;
    material.certificate = text_of(home / "certs/server_cert.pem");
    material.private_key = text_of(home / "certs/server_key.pem");
    material.ca = text_of(home / "certs/ca_cert.pem");
    tls = std::move(net::TlsContexts::make(material).value());
    net::Router router;
    net::Route rpc;
    rpc.method = net::Method::post;
    rpc.pattern = "/rpc";
    rpc.permission = auth::Permission::authenticated;
    rpc.handler = answer;
    router.add(std::move(rpc));
    net::Route stream;
    stream.pattern = "/count";
    stream.permission = auth::Permission::authenticated;
    stream.channel_handler = count_to_three;
    router.add(std::move(stream));
    net::ServerOptions options;
    options.bind_address = "127.0.0.1";
    server = std::make_unique<net::Server>(loops.sessions(), std::move(router), tls.get(), std::move(options), log);
    port = server->start().value();
    loops.start();
    session.home = home;
  }
  ~Fleet() {
    asio::co_spawn(loops.session(0), server->stop(1s), asio::use_future).get();
    loops.stop();
    loops.join();
  }

  cli::Attempt<cli::NodeClient> open() {
    session.connection.coordinator = "127.0.0.1:" + std::to_string(port);
    return cli::NodeClient::open(session);
  }

  test::TemporaryFolder folder;
  const fs::path& home = folder.path();
  NullLogSink log;
  net::Loops loops{1};
  std::unique_ptr<net::TlsContexts> tls;
  std::unique_ptr<net::Server> server;
  std::uint16_t port = 0;
  std::istringstream in;
  std::ostringstream out, err;
  cli::Reporter report{"test", err, false};
  cli::Output output{out, cli::Format::table, {}};
  cli::Session session{{}, report, output, in};
};

/// Somebody who presses Ctrl-C as soon as he reads that it will take long.
class Impatient final : public std::streambuf {
 private:
  int_type overflow(int_type c) override {
    read_ += static_cast<char>(c);
    if (read_.ends_with("trying again")) std::raise(SIGINT);
    return c;
  }
  std::string read_;
};

}  // namespace

TEST_CASE("a call carries target, deadline and identity, and its result keeps every digit") {
  Fleet fleet;
  auto client = fleet.open();
  REQUIRE(client.has_value());
  const auto result = client->rpc("test.echo", "{}", rpc::Target{rpc::Target::Kind::node, "worker-1"}, 1500ms);
  REQUIRE(result.has_value());
  CHECK(*result == R"(["node:worker-1","1500","operator",9007199254740993])");
  CHECK(client->rpc("test.echo", "", std::nullopt, 5s).value().starts_with(R"(["",)"));
}

TEST_CASE("errors of the method, of the server and of the answer have their exit codes") {
  Fleet fleet;
  auto client = fleet.open();
  REQUIRE(client.has_value());
  const auto code = [&](const std::string& method) {
    return client->rpc(method, "", std::nullopt, 5s).error().exit_code;
  };
  CHECK(code("test.refused") == cli::kNotPermitted);
  CHECK(code("test.limited") == cli::kLimited);
  CHECK(code("test.junk") == cli::kDamaged);
  const auto missing = client->get("/nowhere");
  REQUIRE(missing.has_value());
  CHECK(missing->status == 404);
}

TEST_CASE("Ctrl-C ends the wait for a limit") {
  Fleet fleet;
  Impatient reader;
  std::ostream err(&reader);
  cli::Reporter report{"test", err, false};
  cli::Session session{{}, report, fleet.output, fleet.in};
  session.home = fleet.home;
  session.connection.coordinator = "127.0.0.1:" + std::to_string(fleet.port);
  auto client = cli::NodeClient::open(session);
  REQUIRE(client.has_value());
  client->end_requests_on_signal();
  const auto ended = client->rpc("test.hour", "", std::nullopt, 2h);
  REQUIRE_FALSE(ended.has_value());
  CHECK(ended.error().exit_code == cli::kInterrupted);
}

TEST_CASE("a limit is waited out within the call's time, of which what is left goes along") {
  Fleet fleet;
  auto client = fleet.open();
  REQUIRE(client.has_value());
  busy_count = 0;
  const auto result = client->rpc("test.busy", "", std::nullopt, 20s);
  REQUIRE(result.has_value());
  CHECK(busy_count == 3);
  const int left = std::stoi(result->substr(result->find(",\"") + 2));
  CHECK(left > 0);
  CHECK(left <= 20'000 - 2 * 100);
  CHECK(fleet.err.str().find("too many requests; trying again in 100ms") != std::string::npos);

  const auto begin = std::chrono::steady_clock::now();
  const auto too_long = client->rpc("test.limited", "", std::nullopt, 59s);
  CHECK(too_long.error().exit_code == cli::kLimited);
  CHECK(too_long.error().message.find("it takes the next in 1m") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begin < 59s);
}

TEST_CASE("a stream gives every message until the other side closes or enough was heard") {
  Fleet fleet;
  auto client = fleet.open();
  REQUIRE(client.has_value());
  std::string heard;
  const auto all = client->stream("/count", "n", [&](const net::Message& message) {
    heard += message.data;
    return true;
  });
  REQUIRE(all.has_value());
  CHECK(*all == cli::NodeClient::StreamEnd::closed);
  CHECK(heard == "n1n2n3");
  const auto one = client->stream("/count", "n", [](const net::Message&) { return false; });
  REQUIRE(one.has_value());
  CHECK(*one == cli::NodeClient::StreamEnd::stopped);
}

TEST_CASE("nobody but a coordinator of this fleet is told anything") {
  Fleet worker(pki::Role::worker);
  auto to_worker = worker.open();
  REQUIRE(to_worker.has_value());
  CHECK(to_worker->rpc("test.echo", "", std::nullopt, 5s).error().exit_code == cli::kUnreachable);

  Fleet fleet, foreign;
  fleet.session.home = foreign.home;
  auto to_foreign = fleet.open();
  REQUIRE(to_foreign.has_value());
  CHECK(to_foreign->rpc("test.echo", "", std::nullopt, 5s).error().exit_code == cli::kUnreachable);
  // Nothing but the question, by nobody in particular, whether its CA vouches for that one.
  CHECK(fleet.server->counters().requests == 1);
}

TEST_CASE("what is missing is named with the command that makes it") {
  Fleet fleet;
  REQUIRE(fs::remove(fleet.home / "certs/operator_key.pem"));
  const auto no_key = fleet.open();
  REQUIRE_FALSE(no_key.has_value());
  CHECK(no_key.error().exit_code == cli::kUsage);
  CHECK(no_key.error().message.find("operator_key.pem") != std::string::npos);
  CHECK(no_key.error().hint.find("p2p-ctl context add") != std::string::npos);
}
