#include "crypto/jwk.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include "crypto/key.hpp"
#include "jose_vectors.hpp"

using namespace p2p;
using namespace p2p::crypto;
using namespace p2p::test;

namespace {

Json json(const char* text) { return parse_json(text).value(); }

Errc refusal(const Json& jwk) {
  const auto key = read_jwk(jwk);
  REQUIRE_FALSE(key.has_value());
  return key.error().kind();
}

Json changed(const char* text, const char* member, const Json& value) {
  Json out = json(text);
  out[member] = value;
  return out;
}

KeyPtr make(const char* curve) { return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)); }

}  // namespace

TEST_CASE("the thumbprint of RFC 7638 section 3.1") {
  const auto key = read_jwk(json(kRfc7638Key));
  REQUIRE(key.has_value());
  CHECK(jwk_thumbprint(**key).value() == kRfc7638Thumbprint);
  Json required = json(kRfc7638Key);
  required.erase("alg");
  required.erase("kid");
  CHECK(to_jwk(**key).value() == required);
}

TEST_CASE("a key goes to its JWK and comes back the same") {
  for (const char* curve : {"P-256", "P-384"}) {
    for (int i = 0; i < 300; ++i) {  // one coordinate in 256 begins with a zero byte, which must stay
      const auto key = make(curve);
      const auto back = read_jwk(to_jwk(*key).value());
      REQUIRE(back.has_value());
      CHECK(same_key(*key, **back));
    }
  }
  const auto rsa = generate_key(KeyType::rsa_3072).value();
  CHECK(same_key(*rsa, *read_jwk(to_jwk(*rsa).value()).value()));
}

TEST_CASE("keys of other kinds are not supported") {
  CHECK(refusal(changed(kEs256Key, "kty", "OKP")) == Errc::unsupported);
  CHECK(refusal(changed(kEs256Key, "kty", "oct")) == Errc::unsupported);
  CHECK(refusal(changed(kEs256Key, "crv", "P-521")) == Errc::unsupported);
  CHECK(refusal(changed(kEs256Key, "crv", "secp256k1")) == Errc::unsupported);
  const KeyPtr small(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
  CHECK(to_jwk(*small).error().kind() == Errc::unsupported);
  CHECK(refusal(changed(kRs256Key, "n", to_base64url(Bytes(128, 0xFF)))) == Errc::unsupported);
  CHECK(refusal(changed(kRs256Key, "n", to_base64url(Bytes(513, 0xFF)))) == Errc::unsupported);
  CHECK(to_jwk(*generate_key(KeyType::ed25519).value()).error().kind() == Errc::unsupported);
}

TEST_CASE("numbers have one form") {
  CHECK(refusal(Json::array()) == Errc::invalid);
  CHECK(refusal(Json{{"kty", "EC"}, {"crv", "P-256"}}) == Errc::invalid);
  CHECK(refusal(changed(kEs256Key, "x", 7)) == Errc::invalid);
  CHECK(refusal(changed(kEs256Key, "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=")) == Errc::invalid);
  CHECK(refusal(changed(kEs256Key, "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV")) == Errc::invalid);
  CHECK(refusal(changed(kEs256Key, "x", to_base64url(Bytes(31, 1)))) == Errc::invalid);
  CHECK(refusal(changed(kEs256Key, "x", to_base64url(Bytes(32, 1)))) == Errc::invalid);  // not on the curve
  CHECK(refusal(changed(kEs256Key, "crv", "P-384")) == Errc::invalid);
  CHECK(refusal(changed(kRs256Key, "e", "AAEAAQ")) == Errc::invalid);
  CHECK(refusal(changed(kRs256Key, "e", "AQ")) == Errc::invalid);
  CHECK(refusal(changed(kRs256Key, "e", "BA")) == Errc::invalid);
  CHECK(refusal(changed(kRs256Key, "e", "")) == Errc::invalid);
}

TEST_CASE("a private key is not taken for a public one") {
  CHECK(refusal(changed(kEs256Key, "d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")) == Errc::invalid);
}
