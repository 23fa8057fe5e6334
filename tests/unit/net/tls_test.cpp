// Who is asked for a certificate, and whose is taken (DESIGN.md section 5). The other side is OpenSSL alone.
#include <doctest/doctest.h>

#include "support/peer.hpp"
#include "support/running_server.hpp"

using namespace p2p;
using namespace p2p::net;
using namespace p2p::test;

namespace {

asio::awaitable<Response> who(Request& request) {
  const auto& caller = request.caller;
  std::string text = caller.identity ? caller.identity->uri() : "nobody";
  text += caller.over_p2p ? " p2p" : "";
  co_return Response::text(text + (caller.is_node() ? " node " : " ") + caller.scopes.to_text());
}

TlsMaterial material_of(const Authority& authority, const Leaf& leaf) {
  const Pem own = authority.issue(leaf);
  TlsMaterial out;
  out.certificate = own.certificate;
  out.private_key = own.key;
  out.ca = authority.pem();
  return out;
}

struct Fleet {
  explicit Fleet(const std::function<void(TlsMaterial&)>& change = [](TlsMaterial&) {}) {
    TlsMaterial material = material_of(authority, coordinator("c-1"));
    change(material);
    tls = std::move(TlsContexts::make(material).value());
    Router router;
    router.add(make_route(Method::get, "/who", who));
    Route internal = make_route(Method::get, "/internal", who);
    internal.permission = auth::Permission::node;
    router.add(std::move(internal));
    running.emplace(std::move(router), tls.get());
  }

  /// What the server sees of a client that offers this; "refused" when it does not come that far.
  std::string seen(const TlsOffer& offer, const std::string& path = "/who") {
    Peer peer(running->port);
    if (!peer.start_tls(offer)) return "refused";
    peer.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const Reply reply = peer.receive();
    return reply.status == 200 ? reply.body : std::to_string(reply.status);
  }

  Authority authority;
  std::unique_ptr<TlsContexts> tls;
  std::optional<Running> running;
};

}  // namespace

TEST_CASE("a client of http/1.1, or of nothing, is not asked for a certificate") {
  Fleet fleet;
  for (const char* alpn : {"http/1.1", ""}) {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
      Peer peer(fleet.running->port);
      REQUIRE(peer.start_tls({.alpn = alpn, .trusted_ca = fleet.authority.pem(), .max_version = version}));
      CHECK_FALSE(peer.was_asked_for_certificate());
      CHECK(peer.selected_alpn() == alpn);
    }
  }
  CHECK(fleet.seen({.alpn = "http/1.1"}) == "nobody ");
  // One that it has anyway does not count.
  CHECK(fleet.seen({.alpn = "http/1.1", .own = fleet.authority.issue(worker("w-1"))}) == "nobody ");
}

TEST_CASE("a client of p2p/1 is asked, and is who its certificate says") {
  Fleet fleet;
  const auto seen = [&](const Leaf& leaf, int version) {
    return fleet.seen({.alpn = "p2p/1", .own = fleet.authority.issue(leaf), .max_version = version});
  };
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    CHECK(seen(worker("w-1"), version) == "spiffe://p2p/worker/w-1 p2p node ");
    CHECK(seen(coordinator("c-2"), version) ==
          "spiffe://p2p/coordinator/c-2 p2p node rpc:call,cluster:read,metrics:read");
    CHECK(seen(operator_("alice"), version) == "spiffe://p2p/operator/alice p2p " + auth::Scopes::all().to_text());
  }
  CHECK(fleet.seen({.alpn = "p2p/1", .own = fleet.authority.issue(operator_("alice"))}, "/internal") == "403");
  CHECK(fleet.seen({.alpn = "http/1.1"}, "/internal") == "401");
}

TEST_CASE("a client of p2p/1 without a good certificate does not get through the handshake") {
  Fleet fleet;
  const Authority foreign("foreign-ca");
  Leaf expired = worker("w-1");
  expired.ends_seconds = -60;
  Leaf future = worker("w-1");
  future.starts_seconds = 3600;
  Leaf other_cluster = worker("w-1");
  other_cluster.uris = {"spiffe://shop/worker/w-1"};
  Leaf no_identity = worker("w-1");
  no_identity.uris = {};
  Leaf two_identities = worker("w-1");
  two_identities.uris.push_back("spiffe://p2p/coordinator/w-1");
  Leaf strange_role = worker("w-1");
  strange_role.uris = {"spiffe://p2p/admin/w-1"};
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    CHECK(fleet.seen({.alpn = "p2p/1", .max_version = version}) == "refused");
    const auto refused = [&](const Authority& authority, const Leaf& leaf) {
      return fleet.seen({.alpn = "p2p/1", .own = authority.issue(leaf), .max_version = version}) == "refused";
    };
    CHECK(refused(foreign, worker("w-1")));
    CHECK(refused(fleet.authority, expired));
    CHECK(refused(fleet.authority, future));
    CHECK(refused(fleet.authority, other_cluster));
    CHECK(refused(fleet.authority, no_identity));
    CHECK(refused(fleet.authority, two_identities));
    CHECK(refused(fleet.authority, strange_role));
  }
  CHECK(eventually(
      [&] { return fleet.running->log.has("the certificate of \"w-1\" is refused: certificate has expired"); }));
  CHECK(eventually([&] { return fleet.running->log.has("is of the cluster \"shop\", not \"p2p\""); }));
  CHECK(eventually([&] { return fleet.running->log.has("has 2 identity URIs, not one"); }));
  CHECK(eventually([&] { return fleet.running->server.counters().failed_handshakes == 16; }));
  CHECK(fleet.running->server.counters().requests == 0);
}

TEST_CASE("without a certificate the handshake of p2p/1 itself fails") {
  Fleet fleet;
  Peer peer(fleet.running->port);
  CHECK_FALSE(peer.start_tls({.alpn = "p2p/1", .max_version = TLS1_2_VERSION}));
  CHECK(peer.was_asked_for_certificate());
  CHECK_FALSE(peer.shook_hands());
}

TEST_CASE("a revoked certificate is refused from the next handshake on") {
  Fleet fleet;
  Leaf leaf = worker("w-1");
  leaf.serial = 0x1234;
  const TlsOffer offer{.alpn = "p2p/1", .own = fleet.authority.issue(leaf)};
  CHECK(fleet.seen(offer) == "spiffe://p2p/worker/w-1 p2p node ");
  fleet.tls->set_revocation_check(
      [](ByteView issuer_key_id, ByteView serial) { return issuer_key_id.size() == 20 && to_hex(serial) == "1234"; });
  CHECK(fleet.seen(offer) == "refused");
  CHECK(eventually([&] { return fleet.running->log.has("the certificate of \"w-1\" is revoked"); }));
  leaf.serial = 0x1235;
  CHECK(fleet.seen({.alpn = "p2p/1", .own = fleet.authority.issue(leaf)}) != "refused");
}

TEST_CASE("no session is resumed, none is offered") {
  Fleet fleet;
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    Peer peer(fleet.running->port);
    REQUIRE(peer.start_tls({.alpn = "http/1.1", .max_version = version}));
    CHECK_FALSE(peer.can_resume());
  }
}

TEST_CASE("all may be asked for a certificate, and none needs one") {
  Fleet fleet([](TlsMaterial& material) { material.request_all_client_certificates = true; });
  CHECK(fleet.seen({.alpn = "http/1.1"}) == "nobody ");
  CHECK(fleet.seen({.own = fleet.authority.issue(operator_("alice"))}).starts_with("spiffe://p2p/operator/alice "));
  CHECK(fleet.seen({.own = fleet.authority.issue(worker("w-1"))}, "/internal") == "403");
  CHECK(fleet.seen({.own = Authority("foreign").issue(worker("w-1"))}) == "refused");
  CHECK(fleet.seen({.alpn = "p2p/1"}) == "refused");
}

TEST_CASE("a web certificate is shown to all but p2p/1") {
  const Authority public_ca("public-ca");
  Fleet fleet([&](TlsMaterial& material) {
    const Pem web = public_ca.issue(worker("www.example.net"));
    material.web_certificate = web.certificate;
    material.web_private_key = web.key;
  });
  Peer browser(fleet.running->port);
  REQUIRE(browser.start_tls({.alpn = "http/1.1", .trusted_ca = public_ca.pem()}));
  CHECK(browser.shown_name() == "www.example.net");
  CHECK(browser.selected_alpn() == "http/1.1");
  Peer node(fleet.running->port);
  REQUIRE(node.start_tls(
      {.alpn = "p2p/1", .own = fleet.authority.issue(worker("w-1")), .trusted_ca = fleet.authority.pem()}));
  CHECK(node.shown_name() == "c-1");
}

TEST_CASE("a protocol that is not spoken here, and old TLS, are refused") {
  Fleet fleet;
  CHECK(fleet.seen({.alpn = "h2"}) == "refused");
  CHECK(fleet.seen({.max_version = TLS1_1_VERSION}) == "refused");
}

TEST_CASE("plain HTTP on the TLS port is told so") {
  Fleet fleet;
  Peer peer(fleet.running->port);
  REQUIRE(peer.send("GET /who HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Reply reply = peer.receive();
  CHECK(reply.status == 400);
  CHECK(reply.body == "this port speaks HTTPS\n");
}

TEST_CASE("a handshake that is not finished is given up") {
  Authority authority;
  const auto tls = std::move(TlsContexts::make(material_of(authority, coordinator("c-1"))).value());
  ServerOptions options = Running::local();
  options.limits.handshake = 20ms;
  Running running(Router{}, tls.get(), options);
  Peer peer(running.port);
  CHECK(peer.is_closed());
  CHECK(eventually([&] { return running.server.counters().failed_handshakes == 1; }));
}

TEST_CASE("reloaded material serves the next connection, and bad material changes nothing") {
  Fleet fleet;
  CHECK(fleet.tls->reload(material_of(fleet.authority, coordinator("c-new"))).has_value());
  CHECK_FALSE(fleet.tls->reload(TlsMaterial{}).has_value());
  TlsMaterial without;
  without.ca = fleet.authority.pem();
  CHECK(fleet.tls->reload(without).error().context == "the new material has no certificate of the node");
  Peer peer(fleet.running->port);
  REQUIRE(peer.start_tls({.trusted_ca = fleet.authority.pem()}));
  CHECK(peer.shown_name() == "c-new");
}

TEST_CASE("TLS begins with the first byte: who says nothing before a reload is served by what came with it") {
  Fleet fleet;
  Peer silent(fleet.running->port);
  REQUIRE(eventually([&] { return fleet.running->server.counters().open_connections == 1; }));
  REQUIRE(fleet.tls->reload(material_of(fleet.authority, coordinator("c-new"))).has_value());
  REQUIRE(silent.start_tls({.trusted_ca = fleet.authority.pem()}));
  CHECK(silent.shown_name() == "c-new");
}

TEST_CASE("material that cannot work is refused with what is wrong") {
  const Authority authority, foreign("foreign-ca");
  const auto refusal = [](const TlsMaterial& material) {
    const auto made = TlsContexts::make(material);
    return made ? "accepted" : made.error().context;
  };
  TlsMaterial good = material_of(authority, worker("w-1"));
  CHECK(refusal(good) == "accepted");
  TlsMaterial broken = good;
  broken.certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  CHECK(refusal(broken) == "the node's certificate is not a certificate in PEM form");
  broken = good;
  broken.private_key = material_of(authority, worker("w-1")).private_key;
  CHECK(refusal(broken) == "the node's key does not belong to the node's certificate");
  broken = good;
  broken.ca = foreign.pem();
  CHECK(refusal(broken).starts_with("the certificate of \"w-1\" is refused: "));
  broken = good;
  broken.ca = "";
  CHECK(refusal(broken) == "the authority's certificate is not a certificate in PEM form");
  broken = good;
  broken.ca = good.certificate;
  CHECK(refusal(broken) == "the certificate of \"w-1\" is not an authority's");
  broken = good;
  broken.cluster_name = "shop";
  CHECK(refusal(broken) == "the certificate of \"w-1\" is of the cluster \"p2p\", not \"shop\"");
  Leaf expired = worker("w-1");
  expired.ends_seconds = -60;
  CHECK(refusal(material_of(authority, expired)) == "the certificate of \"w-1\" is refused: certificate has expired");
}

TEST_CASE("peers of p2p/1 do not count against their address's cap") {
  Authority authority;
  const auto tls = std::move(TlsContexts::make(material_of(authority, coordinator("c-1"))).value());
  ServerOptions options = Running::local();
  options.limits.max_connections_from_loopback = 1;
  Running running(Router{}, tls.get(), options);
  const TlsOffer offer{.alpn = "p2p/1", .own = authority.issue(worker("w-1"))};
  std::vector<Peer> peers;
  // Each is exempt a sweep after it is known; until then the next one is turned away.
  CHECK(eventually([&] {
    Peer next(running.port);
    if (next.start_tls(offer)) peers.push_back(std::move(next));
    return peers.size() == 3;
  }));
  CHECK(running.server.counters().open_connections >= 3);
}
