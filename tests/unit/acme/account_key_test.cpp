#include "acme/account_key.hpp"

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/json.hpp"
#include "crypto/key.hpp"
#include "support/plain_signer.hpp"

using namespace p2p;
using namespace p2p::acme;

namespace {

// The key of RFC 7515 appendix A.3 as RFC 5915 writes it.
constexpr char kRfcKey[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49AwEHoUQDQgAE\n"
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2K\n"
    "RiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

/// With OpenSSL alone: the signature of RFC 7515 section 3.4 turned into DER.
bool is_signature(const std::string& pem, const std::string& input, const Bytes& signature) {
  const auto key = crypto::read_private_key(pem, "key").value();
  ECDSA_SIG* pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(signature.data(), 32, nullptr), BN_bin2bn(signature.data() + 32, 32, nullptr));
  std::uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair, &der);
  ECDSA_SIG_free(pair);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.get());
  const int verdict = EVP_DigestVerify(context, der, static_cast<std::size_t>(size),
                                       reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  EVP_MD_CTX_free(context);
  OPENSSL_free(der);
  return verdict == 1;
}

}  // namespace

TEST_CASE("the public part is the JWK of RFC 7515 appendix A.3, with its RFC 7638 thumbprint") {
  const AccountKey key = std::move(AccountKey::from_pem(kRfcKey, "key").value());
  CHECK(key.jwk() == R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  // printf '%s' JWK | openssl dgst -sha256 -binary | base64
  CHECK(key.thumbprint() == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

TEST_CASE("an ES256 signature is r and s, 32 bytes each, and verifies") {
  const AccountKey key = std::move(AccountKey::from_pem(kRfcKey, "key").value());
  // One r or s in 128 begins with a zero byte, which must be kept.
  for (int i = 0; i < 300; ++i) {
    const std::string input = "input " + std::to_string(i);
    const Bytes signature = key.sign(input).value();
    REQUIRE(signature.size() == 64);
    REQUIRE(is_signature(kRfcKey, input, signature));
    REQUIRE_FALSE(is_signature(kRfcKey, input + "x", signature));
  }
}

TEST_CASE("a new key is kept as PEM and read again") {
  const AccountKey key = std::move(AccountKey::generate().value());
  const AccountKey same = std::move(AccountKey::from_pem(key.pem().value().view(), "key").value());
  CHECK(same.thumbprint() == key.thumbprint());
  CHECK(AccountKey::generate()->thumbprint() != key.thumbprint());
}

TEST_CASE("other keys are refused by name") {
  const auto ed25519 = crypto::generate_key(crypto::KeyType::ed25519).value();
  const auto pem = crypto::write_private_key(*ed25519).value();
  const auto refused = AccountKey::from_pem(pem.view(), "acme/account.pem");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == Errc::unsupported);
  CHECK(refused.error().context.find("acme/account.pem") == 0);
  CHECK_FALSE(AccountKey::from_pem("no key", "key").has_value());
}

TEST_CASE("HS256 is that of RFC 7515 appendix A.1") {
  const MacKey key = std::move(
      MacKey::from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
          .value());
  CHECK(key.algorithm() == "HS256");
  const auto mac = key.sign(
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ");
  CHECK(to_base64url(mac.value()) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  CHECK_FALSE(MacKey::from_base64url("AAAA====").has_value());
  CHECK_FALSE(MacKey::from_base64url(to_base64url(Bytes(15))).has_value());
}

TEST_CASE("a flattened JWS signs header and payload as they are sent") {
  const AccountKey key = std::move(AccountKey::generate().value());
  const std::string pem(key.pem().value().view());
  for (const char* payload : {"{\"a\":1}", ""}) {
    const std::string jws = flattened_jws(key, R"({"alg":"ES256"})", payload).value();
    CHECK(test::jws_part(jws, "protected") == R"({"alg":"ES256"})");
    CHECK(test::jws_part(jws, "payload") == payload);
    const Json json = Json::parse(jws);
    CHECK(json.size() == 3);
    const std::string input = json["protected"].get<std::string>() + "." + json["payload"].get<std::string>();
    CHECK(is_signature(pem, input, from_base64url(json["signature"].get<std::string>()).value()));
  }
}
