#include "auth/limited_client.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::auth;

namespace {

Caller with_certificate(pki::Role role, std::string name) {
  Caller out;
  out.address = "192.0.2.1";
  out.identity = pki::Identity{"p2p", role, std::move(name)};
  out.certificate = pki::CertificateId{};
  return out;
}

std::string bucket_of(const Caller& caller) {
  ratelimit::Client::Buffer buffer;
  return std::string(limited_client(caller).value().bytes(buffer, {}));
}

}  // namespace

TEST_CASE("an operator is exempt by certificate, not by a token in an operator's name") {
  Caller alice = with_certificate(pki::Role::operator_, "alice");
  CHECK_FALSE(limited_client(alice).has_value());
  alice.token_id = "7f";  // made by a certificate, which the caller is revoked with
  REQUIRE(limited_client(alice).has_value());
  CHECK_FALSE(limited_client(alice)->is_node());
}

TEST_CASE("certificate, token and address each have a bucket of their own") {
  const Caller worker = with_certificate(pki::Role::worker, "n-1");
  CHECK(limited_client(worker)->is_node());
  CHECK(bucket_of(worker) != bucket_of(with_certificate(pki::Role::worker, "n-2")));
  CHECK(bucket_of(worker) != bucket_of(with_certificate(pki::Role::coordinator, "n-1")));

  Caller elsewhere = worker;
  elsewhere.address = "192.0.2.2";
  CHECK(bucket_of(worker) == bucket_of(elsewhere));

  Caller token = worker;
  token.token_id = "0";
  CHECK(bucket_of(token) != bucket_of(worker));
  Caller other_token = token;
  other_token.token_id = "1";
  CHECK(bucket_of(token) != bucket_of(other_token));

  Caller stranger, neighbour;
  stranger.address = "192.0.2.1";
  neighbour.address = "192.0.2.2";
  CHECK(bucket_of(stranger) != bucket_of(neighbour));
  CHECK(bucket_of(stranger) != bucket_of(token));
}
