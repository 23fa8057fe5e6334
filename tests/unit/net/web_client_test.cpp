#include "net/web_client.hpp"

#include <doctest/doctest.h>

#include "net/pinned_root.hpp"
#include "pki/certificate.hpp"
#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

using Outcome = boost::system::result<Answer, WebError>;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A web client on the control loop of a server, which may be unused.
struct Web {
  explicit Web(Router router = {}, const TlsContexts* tls = nullptr, WebTrust trust = WebTrust::of_anyone().value(),
               const std::string& bind_address = "127.0.0.1")
      : running(std::move(router), tls, options(bind_address)),
        client(std::make_unique<WebClient>(running.loops.control().get_executor(), std::move(trust))) {}
  ~Web() {
    auto close = [](Web* self) -> asio::awaitable<bool> {
      self->client.reset();
      co_return true;
    };
    running.run(close(this));
  }

  static ServerOptions options(const std::string& bind_address) {
    ServerOptions out = Running::local();
    out.bind_address = bind_address;
    return out;
  }
  static WebRequest make(const std::string& url) {
    WebRequest out;
    out.url = parse_url(url).value();
    out.timeout = 20s;
    return out;
  }
  WebRequest to_self(const std::string& target, const std::string& scheme = "http") const {
    return make(scheme + "://127.0.0.1:" + std::to_string(running.port) + target);
  }
  Outcome run(WebRequest request) { return running.run(client->send(std::move(request))); }
  std::future<Outcome> begin(WebRequest request) { return running.begin(client->send(std::move(request))); }

  Running running;
  std::unique_ptr<WebClient> client;
};

asio::awaitable<Response> echo(Request& request) {
  co_return Response::text(std::string(request.headers.get("Host")) + " " + request.body);
}
asio::awaitable<Response> large(Request&) { co_return Response::text(std::string(1 << 16, 'x')); }

/// `/to?LOCATION` redirects there, `/loop` to itself.
asio::awaitable<Response> redirect(Request& request) {
  Response out = Response::text("elsewhere", 302);
  out.headers.add("Location", request.path == "/loop" ? "/loop" : percent_decode(request.query).value());
  co_return out;
}

Router routes() {
  Router out;
  out.add(make_route(Method::get, "/echo", echo));
  out.add(make_route(Method::post, "/echo", echo));
  out.add(make_route(Method::get, "/large", large));
  out.add(make_route(Method::get, "/to", redirect));
  out.add(make_route(Method::get, "/loop", redirect));
  out.add(make_route(Method::post, "/loop", redirect));
  return out;
}

/// A server with https, at 127.0.0.2 too, which is not in its certificate.
struct Secure {
  explicit Secure(const WebTrust& trust, const Leaf& leaf = coordinator("c-1"),
                  const Authority& authority = Authority())
      : tls(contexts(authority, leaf)), web(routes(), tls.get(), trust, "0.0.0.0") {}
  static std::unique_ptr<TlsContexts> contexts(const Authority& authority, const Leaf& leaf) {
    const Pem own = authority.issue(leaf);
    TlsMaterial material;
    material.ca = authority.pem();
    material.certificate = own.certificate;
    material.private_key = own.key;
    return std::move(TlsContexts::make(material).value());
  }
  Outcome get(const std::string& host) {
    return web.run(Web::make("https://" + host + ":" + std::to_string(web.running.port) + "/echo"));
  }
  std::unique_ptr<TlsContexts> tls;
  Web web;
};

}  // namespace

TEST_CASE("plain http: method, host and body arrive, and one connection serves all requests") {
  Web web(routes());
  WebRequest request = web.to_self("/echo");
  request.method = Method::post;
  request.body = "body";
  const std::string port = std::to_string(web.running.port);
  CHECK(web.run(request)->body == "127.0.0.1:" + port + " body");
  CHECK(web.run(web.to_self("/echo"))->status == 200);
  CHECK(web.run(web.to_self("/none"))->status == 404);
  CHECK(web.running.server.counters().connections == 1);
}

TEST_CASE("https: the host's name or address must be in a certificate of a trusted root") {
  const Authority authority;
  Secure secure(WebTrust::of_roots(authority.pem()).value(), coordinator("c-1"), authority);
  REQUIRE(secure.get("127.0.0.1").has_value());
  CHECK(secure.get("127.0.0.1")->status == 200);
  CHECK(secure.get("localhost")->status == 200);
  const auto foreign = secure.get("127.0.0.2");
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().step == WebStep::tls);
  CHECK(foreign.error().error.kind() == Errc::unreachable);
  CHECK(has(foreign.error().error.context, "IP address mismatch"));
}

TEST_CASE("https: foreign roots, an expired certificate and the system's roots are refused") {
  const Authority authority, other("other-ca");
  Secure foreign(WebTrust::of_roots(other.pem()).value(), coordinator("c-1"), authority);
  CHECK(has(foreign.get("127.0.0.1").error().error.context, "certificate is refused"));
  Secure unknown(WebTrust::of_system().value(), coordinator("c-1"), authority);
  CHECK(has(unknown.get("127.0.0.1").error().error.context, "certificate is refused"));
  CHECK_FALSE(WebTrust::of_roots(authority.issue(worker("w-1")).certificate).has_value());
  CHECK_FALSE(WebTrust::of_roots("no pem").has_value());

  Web web({}, nullptr, WebTrust::of_roots(authority.pem()).value());
  Listening listening;
  Leaf expired = coordinator("c-1");
  expired.ends_seconds = -60;
  auto future = web.begin(Web::make("https://127.0.0.1:" + std::to_string(listening.port()) + "/"));
  Peer server = listening.accept();
  if (server.accept_tls(authority.issue(expired), "http/1.1")) CHECK(server.is_closed());
  server.close();
  CHECK(has(future.get().error().error.context, "certificate has expired"));
}

TEST_CASE("https to the fleet: a coordinator by any name, and nobody else") {
  const Authority authority;
  TlsMaterial material;
  material.ca = authority.pem();
  const auto own = TlsContexts::make(material).value();
  Secure secure(WebTrust::of_fleet(*own), coordinator("c-1"), authority);
  CHECK(secure.get("127.0.0.2")->status == 200);
  Secure impostor(WebTrust::of_fleet(*own), worker("w-1"), authority);
  CHECK(has(impostor.get("127.0.0.1").error().error.context, "\"w-1\" is a worker, not a coordinator"));
}

TEST_CASE("https without trust: whoever answers") {
  Secure secure(WebTrust::of_anyone().value());
  CHECK(secure.get("127.0.0.2")->status == 200);
}

TEST_CASE("the CA certificate of an invitation is known by its fingerprint") {
  const Authority authority, other("other-ca");
  const auto fingerprint = [](const Authority& of) {
    const auto certificate = pki::Certificate::from_pem(of.pem(), "ca").value();
    return certificate.facts().sha256;
  };
  std::string shown = other.pem() + authority.pem();
  Router router;
  Handler ca = [&shown](Request&) -> asio::awaitable<Response> { co_return Response::text(shown); };
  router.add(make_route(Method::get, "/pki/ca.pem", std::move(ca)));
  const auto tls = Secure::contexts(authority, coordinator("c-1"));
  Running running(std::move(router), tls.get());
  const auto fetch = [&](const crypto::Sha256& wanted) {
    return running.run(
        fetch_pinned_root(running.loops.control().get_executor(), {"127.0.0.1", running.port}, wanted, 20s));
  };
  CHECK(fetch(fingerprint(authority)).value() == authority.pem());
  const auto wrong = fetch(fingerprint(Authority("third-ca")));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().kind() == Errc::not_permitted);
  shown = "<html>";
  CHECK(fetch(fingerprint(authority)).error().kind() == Errc::damaged);
}

TEST_CASE("redirects are followed only as often and to where they may go") {
  Web web(routes());
  const std::string port = std::to_string(web.running.port);
  WebRequest request = web.to_self("/to?/echo");
  CHECK(web.run(request)->status == 302);
  request.max_redirects = 1;
  CHECK(web.run(request)->body == "127.0.0.1:" + port + " ");
  request = web.to_self("/to?/to%3F/echo");
  request.max_redirects = 1;
  const auto twice = web.run(request);
  CHECK(twice.error().step == WebStep::redirect);
  CHECK(twice.error().error.kind() == Errc::too_large);
  request = web.to_self("/loop");
  request.max_redirects = 10;
  CHECK(web.run(request).error().step == WebStep::redirect);
  request.method = Method::post;
  CHECK(web.run(request)->status == 302);

  request = web.to_self("/to?http://localhost:" + port + "/echo");
  request.max_redirects = 3;
  const auto away = web.run(request);
  CHECK(away.error().step == WebStep::redirect);
  CHECK(away.error().error.kind() == Errc::not_permitted);
  request.may_follow = [](const Url&, const Url&) { return Result<void>(); };
  CHECK(web.run(request)->body == "localhost:" + port + " ");
  request = web.to_self("/to?file:///etc/passwd");
  request.max_redirects = 3;
  CHECK(web.run(request).error().step == WebStep::redirect);
}

TEST_CASE("a body over the limit is too_large, by its length and in chunks") {
  Web web(routes());
  WebRequest request = web.to_self("/large");
  request.max_response_bytes = 1 << 16;
  CHECK(web.run(request)->body.size() == 1 << 16);
  request.max_response_bytes = (1 << 16) - 1;
  const auto over = web.run(request);
  CHECK(over.error().step == WebStep::answer);
  CHECK(over.error().error.kind() == Errc::too_large);

  const auto chunked = [&](std::size_t limit) {
    Listening listening;
    WebRequest asked = Web::make("http://127.0.0.1:" + std::to_string(listening.port()) + "/");
    asked.max_response_bytes = limit;
    auto future = web.begin(std::move(asked));
    Peer server = listening.accept();
    server.receive_head();
    server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    return future.get();
  };
  CHECK(chunked(6)->body == "abcdef");
  CHECK(chunked(5).error().error.kind() == Errc::too_large);
}

TEST_CASE("a server that never answers, never shakes hands or drips costs no more than the time allowed") {
  Web web;
  Listening silent;
  for (const char* scheme : {"http://127.0.0.1:", "https://127.0.0.1:"}) {
    WebRequest request = Web::make(scheme + std::to_string(silent.port()) + "/");
    request.timeout = 50ms;
    CHECK(web.run(std::move(request)).error().error.kind() == Errc::timeout);
  }
  WebRequest request = Web::make("https://127.0.0.1:" + std::to_string(silent.port()) + "/");
  request.connect_timeout = 50ms;
  const auto unshaken = web.run(std::move(request));
  CHECK(unshaken.error().step == WebStep::tls);
  CHECK(unshaken.error().error.kind() == Errc::timeout);

  Listening dripping;
  request = Web::make("http://127.0.0.1:" + std::to_string(dripping.port()) + "/");
  request.timeout = 100ms;
  auto future = web.begin(std::move(request));
  Peer server = dripping.accept();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  while (future.wait_for(1ms) != std::future_status::ready) server.send("x");
  CHECK(future.get().error().error.kind() == Errc::timeout);
}

TEST_CASE("an error says how far it came: name, connection") {
  Web web;
  CHECK(web.run(Web::make("http://no-such-host.invalid/")).error().step == WebStep::name);
  std::uint16_t gone = 0;
  gone = Listening().port();
  const auto refused = web.run(Web::make("http://127.0.0.1:" + std::to_string(gone) + "/"));
  CHECK(refused.error().step == WebStep::connection);
  CHECK(refused.error().error.kind() == Errc::unreachable);
}

TEST_CASE("close ends what is in flight with cancelled, and later requests at once") {
  Web web;
  Listening silent;
  auto future = web.begin(Web::make("http://127.0.0.1:" + std::to_string(silent.port()) + "/"));
  Peer server = silent.accept();
  server.receive_head();
  auto close = [](WebClient& client) -> asio::awaitable<bool> {
    client.close();
    co_return true;
  };
  web.running.run(close(*web.client));
  CHECK(future.get().error().error.kind() == Errc::cancelled);
  CHECK(web.run(Web::make("http://127.0.0.1/")).error().error.kind() == Errc::cancelled);
}
