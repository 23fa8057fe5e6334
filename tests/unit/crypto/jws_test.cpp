#include "crypto/jws.hpp"

#include <doctest/doctest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/text.hpp"
#include "crypto/jwk.hpp"
#include "crypto/key.hpp"
#include "crypto/signature.hpp"
#include "jose_vectors.hpp"
#include "openssl_cli.hpp"

using namespace p2p;
using namespace p2p::crypto;
using namespace p2p::test;

namespace {

KeyPtr key_of(const char* jwk) { return read_jwk(parse_json(jwk).value()).value(); }
Secret secret_of(const char* text) { return Secret(as_text(from_base64url(text).value())); }

Json flattened(std::string_view compact) {
  const auto parts = split(compact, '.');
  return {{"protected", parts.at(0)}, {"payload", parts.at(1)}, {"signature", parts.at(2)}};
}

/// A well-formed JWS with this header; its signature is one of right length.
Json with_header(std::string_view header, std::size_t signature_bytes = 64) {
  return {{"protected", to_base64url(as_bytes(header))},
          {"payload", ""},
          {"signature", to_base64url(Bytes(signature_bytes, 1))}};
}

Errc refusal(const Json& jws) {
  const auto parsed = read_flattened_jws(jws);
  REQUIRE_FALSE(parsed.has_value());
  return parsed.error().kind();
}

}  // namespace

TEST_CASE("RFC 7515 appendix A.1: HS256") {
  const auto jws = parse_compact_jws(kHs256Jws).value();
  CHECK(jws.payload == kRfc7515Payload);
  CHECK(jws.algorithm == JwsAlgorithm::hs256);
  CHECK(verify_jws(jws, secret_of(kHs256Key)).has_value());
  CHECK(verify_jws(jws, Secret(std::string("another"))).error().kind() == Errc::damaged);
  CHECK(verify_jws(jws, Secret()).error().kind() == Errc::invalid);
}

TEST_CASE("RFC 7515 appendix A.2: RS256") {
  const auto jws = read_flattened_jws(flattened(kRs256Jws)).value();
  CHECK(jws.payload == kRfc7515Payload);
  CHECK(verify_jws(jws, *key_of(kRs256Key)).has_value());
  CHECK(verify_jws(jws, *key_of(kRfc7638Key)).error().kind() == Errc::damaged);
}

TEST_CASE("RFC 7515 appendix A.3: ES256") {
  const auto jws = parse_jws(flattened(kEs256Jws).dump()).value();
  CHECK(jws.payload == kRfc7515Payload);
  CHECK(verify_jws(jws, *key_of(kEs256Key)).has_value());
}

TEST_CASE("one changed bit anywhere is found") {
  const auto key = key_of(kEs256Key);
  for (const char* member : {"payload", "signature"}) {
    Json jws = flattened(kEs256Jws);
    std::string text = jws[member];
    text[5] = text[5] == 'A' ? 'B' : 'A';
    jws[member] = text;
    CHECK(verify_jws(read_flattened_jws(jws).value(), *key).error().kind() == Errc::damaged);
  }
  Json jws = flattened(kEs256Jws);
  jws["protected"] = to_base64url(as_bytes(R"({"alg":"ES256" })"));
  CHECK(verify_jws(read_flattened_jws(jws).value(), *key).error().kind() == Errc::damaged);
}

TEST_CASE("what is signed verifies, by every algorithm") {
  for (const auto& key : {generate_key(KeyType::ecdsa_p256).value(), generate_key(KeyType::ecdsa_p384).value(),
                          generate_key(KeyType::rsa_2048).value()}) {
    const auto jws = sign_jws({{"nonce", "n"}, {"jwk", to_jwk(*key).value()}}, "content", *key).value();
    const auto parsed = read_flattened_jws(jws).value();
    CHECK(parsed.payload == "content");
    CHECK(parsed.header["nonce"] == "n");
    CHECK(parsed.header["jwk"] == to_jwk(*key).value());
    CHECK(verify_jws(parsed, *key).has_value());
  }
  const Secret secret(std::string(32, 's'));
  const auto mac = read_flattened_jws(sign_jws({{"kid", "k"}}, "", secret).value()).value();
  CHECK(mac.payload.empty());
  CHECK(verify_jws(mac, secret).has_value());
  CHECK(sign_jws({}, "", *generate_key(KeyType::ed25519).value()).error().kind() == Errc::unsupported);
}

TEST_CASE("an empty payload is signed and verified") {
  const auto key = generate_key(KeyType::ecdsa_p256).value();
  const auto jws = sign_jws({{"kid", "k"}}, {}, *key).value();
  CHECK(jws["payload"] == "");
  CHECK(verify_jws(read_flattened_jws(jws).value(), *key).has_value());
}

TEST_CASE("openssl agrees with RS256") {
  const TemporaryFolder folder;
  const auto key = generate_key(KeyType::rsa_2048).value();
  const auto parts = split(sign_compact_jws({}, "content", *key).value(), '.');
  const auto key_file = folder.put("key.pem", write_private_key(*key)->view());
  const auto input = folder.put("input", parts[0] + "." + parts[1]);
  const auto signature = folder.put("signature", as_text(from_base64url(parts[2]).value()));
  const auto judged = openssl("dgst -sha256 -prverify " + key_file + " -signature " + signature + " " + input);
  CHECK_MESSAGE(judged.exit_code == 0, judged.output);
}

TEST_CASE("openssl agrees with ES384") {
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  const auto compact = sign_compact_jws({}, "content", *key).value();
  CHECK(verify_jws(parse_compact_jws(compact).value(), *key).has_value());
  const auto parts = split(compact, '.');
  const Bytes raw = from_base64url(parts[2]).value();
  REQUIRE(raw.size() == 96);
  ECDSA_SIG* pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(raw.data(), 48, nullptr), BN_bin2bn(raw.data() + 48, 48, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair, &der);
  ECDSA_SIG_free(pair);
  const DigestContextPtr context(EVP_MD_CTX_new());
  const std::string input = parts[0] + "." + parts[1];
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key.get()) == 1);
  CHECK(EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), as_bytes(input).data(), input.size()) ==
        1);
  OPENSSL_free(der);
}

TEST_CASE("the algorithm is one of the list") {
  for (const char* name : {"none", "None", "", "HS1", "PS256", "ES512", "EdDSA", "RS384"}) {
    CHECK(refusal(with_header(Json{{"alg", name}}.dump())) == Errc::unsupported);
  }
  CHECK(refusal(with_header("{}")) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":7})")) == Errc::invalid);
}

TEST_CASE("the algorithm fits the key") {
  const auto es256 = read_flattened_jws(with_header(R"({"alg":"ES256"})")).value();
  const auto rs256 = read_flattened_jws(with_header(R"({"alg":"RS256"})", 256)).value();
  const auto hs256 = read_flattened_jws(with_header(R"({"alg":"HS256"})", 32)).value();
  const KeyPtr p384(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  CHECK(verify_jws(es256, *p384).error().kind() == Errc::unsupported);
  CHECK(verify_jws(es256, *key_of(kRs256Key)).error().kind() == Errc::unsupported);
  CHECK(verify_jws(rs256, *key_of(kEs256Key)).error().kind() == Errc::unsupported);
  CHECK(verify_jws(rs256, *generate_key(KeyType::ed25519).value()).error().kind() == Errc::unsupported);
  CHECK(verify_jws(hs256, *key_of(kRs256Key)).error().kind() == Errc::unsupported);
  CHECK(verify_jws(es256, Secret(std::string("s"))).error().kind() == Errc::unsupported);
}

TEST_CASE("a signature has its exact length") {
  CHECK(refusal(with_header(R"({"alg":"ES256"})", 65)) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"ES256"})", 63)) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"ES384"})", 64)) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"HS256"})", 33)) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"ES256"})", 0)) == Errc::invalid);
  // RSA's length is the key's.
  Json longer = flattened(kRs256Jws);
  Bytes signature = from_base64url(longer["signature"].get<std::string>()).value();
  signature.push_back(0);
  longer["signature"] = to_base64url(signature);
  CHECK_FALSE(verify_jws(read_flattened_jws(longer).value(), *key_of(kRs256Key)).has_value());
}

TEST_CASE("the form is exactly flattened") {
  const Json good = flattened(kEs256Jws);
  REQUIRE(read_flattened_jws(good).has_value());
  for (const char* member : {"header", "signatures", "other"}) {
    Json jws = good;
    jws[member] = Json::object();
    CHECK(refusal(jws) == Errc::invalid);
  }
  for (const char* member : {"protected", "payload", "signature"}) {
    Json jws = good;
    jws.erase(member);
    CHECK(refusal(jws) == Errc::invalid);
    jws[member] = 7;
    CHECK(refusal(jws) == Errc::invalid);
    jws[member] = good[member].get<std::string>() + "=";
    CHECK(refusal(jws) == Errc::invalid);
  }
  CHECK(refusal(Json::array()) == Errc::invalid);
  CHECK(refusal(Json()) == Errc::invalid);
  // A member twice: the first would be seen here, the second by another reader.
  std::string twice = good.dump();
  twice.insert(1, R"("payload":"",)");
  CHECK(parse_jws(twice).error().kind() == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"ES256","alg":"ES256"})")) == Errc::invalid);
  CHECK(refusal(with_header(R"({"alg":"ES256","crit":["exp"],"exp":1})")) == Errc::invalid);
  CHECK(refusal(with_header(R"(["ES256"])")) == Errc::invalid);
  CHECK(refusal(with_header("{\"alg\":\"ES256\",\"x\":" + std::string(100, '[') + std::string(100, ']') + "}")) ==
        Errc::invalid);
}

TEST_CASE("compact has three parts") {
  for (const char* text : {"", ".", "..", "a.b", "a.b.c.d"}) CHECK_FALSE(parse_compact_jws(text).has_value());
}

TEST_CASE("size is limited before anything is read") {
  CHECK(parse_jws(std::string(kMaxJwsBytes + 1, ' ')).error().kind() == Errc::too_large);
  CHECK(parse_compact_jws(std::string(kMaxJwsBytes + 1, 'A')).error().kind() == Errc::too_large);
}
