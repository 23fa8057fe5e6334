#include "pki/identity.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("an identity and its URI are the same thing") {
  const pki::Identity identity{"p2p", pki::Role::worker, "worker-1"};
  CHECK(identity.uri() == "spiffe://p2p/worker/worker-1");
  CHECK(*pki::parse_identity_uri(identity.uri()) == identity);
  CHECK(pki::parse_identity_uri("spiffe://shop_2/coordinator/Main.node")->role == pki::Role::coordinator);
  CHECK(pki::parse_identity_uri("spiffe://p2p/operator/alice")->role == pki::Role::operator_);
  CHECK(*pki::parse_cluster_uri(pki::cluster_uri("p2p")) == "p2p");
}

TEST_CASE("anything else is not an identity") {
  for (const char* uri :
       {"", "spiffe://", "spiffe://p2p", "spiffe://p2p/worker", "spiffe://p2p/worker/", "spiffe://p2p/worker/a/b",
        "spiffe:///worker/a", "SPIFFE://p2p/worker/a", "https://p2p/worker/a", "spiffe://p2p/Worker/a",
        "spiffe://p2p/root/a", "spiffe://p2p/worker/a?x", "spiffe://p2p/worker/../a", "spiffe://p2p/worker/a b",
        "spiffe://p2p:1/worker/a", "spiffe://u@p2p/worker/a", "spiffe://p2p/worker/-a", " spiffe://p2p/worker/a",
        "spiffe://p2p/worker/\xD0\xB0"}) {
    CAPTURE(uri);
    const auto identity = pki::parse_identity_uri(uri);
    REQUIRE_FALSE(identity.has_value());
    CHECK(identity.error().kind() == Errc::invalid);
  }
  CHECK_FALSE(pki::parse_identity_uri("spiffe://p2p/worker/" + std::string(1000, 'a')).has_value());
  CHECK_FALSE(pki::parse_cluster_uri("spiffe://p2p/worker/a").has_value());
  CHECK_FALSE(pki::parse_cluster_uri("spiffe://").has_value());
  CHECK_FALSE(pki::parse_cluster_uri("p2p").has_value());
}
