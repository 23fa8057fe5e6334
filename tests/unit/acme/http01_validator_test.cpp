#include "acme/http01_validator.hpp"

#include <doctest/doctest.h>

#include "../net/support/peer.hpp"
#include "../net/support/running_server.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace p2p::test;
using net::Method;
using net::Request;
using net::Response;

namespace {

constexpr char kKeyAuthorization[] = "token.thumbprint";

/// A web server whose answers begin with `body` and `status`, validated on its own port.
struct ValidatorCase {
  explicit ValidatorCase(net::ServerOptions options = Running::local()) {
    net::Router router;
    net::Handler answer = [this](Request& request) -> asio::awaitable<Response> {
      host = request.headers.get("Host");
      Response out = Response::text(body, status);
      if (!location.empty()) out.headers.add("Location", location);
      co_return out;
    };
    net::Handler moved = [](Request&) -> asio::awaitable<Response> { co_return Response::text(kKeyAuthorization); };
    router.add(make_route(Method::get, "/.well-known/acme-challenge/token", std::move(answer)));
    router.add(make_route(Method::get, "/moved", std::move(moved)));
    running.emplace(std::move(router), nullptr, std::move(options));
  }
  Result<void> validate(const std::string& identifier, std::chrono::milliseconds timeout = 20s) {
    return validate_on(running->port, identifier, timeout);
  }
  Result<void> validate_on(std::uint16_t port, const std::string& identifier, std::chrono::milliseconds timeout = 20s) {
    return validate_with({.node_port = 1, .other_port = port, .ask_own_machine = true, .timeout = timeout}, identifier,
                         Applicant::other);
  }
  Result<void> validate_with(const Http01Settings& settings, const std::string& identifier, Applicant applicant) {
    const auto validator = Http01Validator::make(running->loops.control().get_executor(), settings).value();
    return running->run(
        validator.validate(pki::parse_subject_name(identifier).value(), applicant, "token", kKeyAuthorization));
  }
  Errc refusal(const std::string& identifier = "127.0.0.1") {
    const auto verdict = validate(identifier);
    return verdict ? Errc::failed : verdict.error().kind();
  }
  std::string own(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(running->port) + path; }

  std::string body = kKeyAuthorization, location, host;
  unsigned status = 200;
  std::optional<Running> running;
};

}  // namespace

TEST_CASE("the key authorization is accepted, with white space after it, for an address and a name") {
  ValidatorCase c;
  CHECK(c.validate("127.0.0.1").has_value());
  CHECK(c.host == "127.0.0.1:" + std::to_string(c.running->port));
  c.body = std::string(kKeyAuthorization) + " \t\r\n";
  CHECK(c.validate("localhost").has_value());
  CHECK(c.host == "localhost:" + std::to_string(c.running->port));
}

TEST_CASE("an IPv6 address is asked with brackets") {
  net::ServerOptions options = Running::local();
  options.bind_address = "::1";
  ValidatorCase c(std::move(options));
  CHECK(c.validate("::1").has_value());
  CHECK(c.host == "[::1]:" + std::to_string(c.running->port));
}

TEST_CASE("anything but 200 and the key authorization is unauthorized") {
  ValidatorCase c;
  for (const char* body : {"", "token.thumbprin", "token.thumbprintx", " token.thumbprint", "<html>"}) {
    CAPTURE(body);
    c.body = body;
    CHECK(c.refusal() == Errc::not_permitted);
  }
  c.body = kKeyAuthorization;
  for (const unsigned status : {201U, 204U, 404U, 500U}) {
    CAPTURE(status);
    c.status = status;
    CHECK(c.refusal() == Errc::not_permitted);
  }
}

TEST_CASE("what a server says besides is not passed on") {
  ValidatorCase c;
  c.body = "a secret of an inner server";
  CHECK(c.validate("127.0.0.1").error().context.find("secret") == std::string::npos);
}

TEST_CASE("redirects: to the same host, three times, and nowhere else") {
  ValidatorCase c;
  c.status = 302;
  c.location = "/moved";
  CHECK(c.validate("127.0.0.1").has_value());
  c.location = c.own("/moved");
  CHECK(c.validate("127.0.0.1").has_value());
  const std::string port = std::to_string(c.running->port);
  for (const std::string& away :
       {"http://localhost:" + port + "/moved", std::string("http://127.0.0.2/"), std::string("file:///etc/passwd"),
        std::string("http://127.0.0.1:1/moved"), std::string("http://user@127.0.0.1:") + port + "/moved",
        c.own("/.well-known/acme-challenge/token"), std::string()}) {
    CAPTURE(away);
    c.location = away;
    CHECK(c.refusal() == Errc::not_permitted);
  }
}

TEST_CASE("a huge answer is refused, not read") {
  ValidatorCase c;
  c.body = std::string(kKeyAuthorization) + std::string(10 << 20, ' ');
  CHECK(c.refusal() == Errc::not_permitted);
}

TEST_CASE("nobody there, and no answer in time, is a connection problem; an unknown name a DNS problem") {
  ValidatorCase c;
  std::uint16_t gone = 0;
  gone = Listening().port();
  CHECK(c.validate_on(gone, "127.0.0.1").error().kind() == Errc::unreachable);
  Listening silent;
  CHECK(c.validate_on(silent.port(), "127.0.0.1", 50ms).error().kind() == Errc::unreachable);
  CHECK(c.refusal("no-such-host.invalid") == Errc::not_found);
}

TEST_CASE("nodes of the fleet are asked at their own port") {
  ValidatorCase c;
  const Http01Settings settings{.node_port = c.running->port, .other_port = 1, .ask_own_machine = true, .timeout = 20s};
  CHECK(c.validate_with(settings, "127.0.0.1", Applicant::node).has_value());
  CHECK(c.validate_with(settings, "127.0.0.1", Applicant::other).error().kind() == Errc::unreachable);
}

TEST_CASE("names that lead to this machine or its links are not asked") {
  ValidatorCase c;
  const Http01Settings settings{.other_port = c.running->port, .timeout = 20s};
  for (const char* name :
       {"127.0.0.1", "localhost", "127.1.2.3", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1",
        "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"}) {
    CAPTURE(name);
    const auto verdict = c.validate_with(settings, name, Applicant::other);
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().context.find("not the address of another machine") != std::string::npos);
  }
  CHECK(c.host.empty());
}
