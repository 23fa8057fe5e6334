#include "crypto/signature.hpp"

#include <doctest/doctest.h>

#include "crypto/key.hpp"
#include "openssl_cli.hpp"

using namespace p2p;
using test::openssl;

namespace {

/// What makes `openssl pkeyutl` do the algorithm that the header documents.
std::string options_for(crypto::KeyType type) {
  const std::string raw = " -rawin";
  if (type == crypto::KeyType::ed25519) return raw;
  if (type == crypto::KeyType::ecdsa_p384) return raw + " -digest sha384";
  return raw + " -digest sha256" +
         (type == crypto::KeyType::ecdsa_p256 ? ""
                                              : " -pkeyopt rsa_padding_mode:pss"
                                                " -pkeyopt rsa_pss_saltlen:digest");
}

}  // namespace

TEST_CASE("openssl verifies our signatures and we verify openssl's, for each type of key") {
  const test::TemporaryFolder folder;
  const std::string message = "p2p-record/1 and some bytes";
  const std::string message_file = folder.put("message", message);
  for (const auto type : crypto::kKeyTypes) {
    CAPTURE(crypto::to_string(type));
    const auto key = crypto::generate_key(type);
    REQUIRE(key.has_value());
    const std::string key_file = folder.put("key.pem", crypto::write_private_key(**key)->view());
    const auto signature = crypto::sign(**key, as_bytes(message));
    REQUIRE(signature.has_value());
    const std::string ours = folder.put("ours", as_text(*signature));
    const auto judged = openssl("pkeyutl -verify -inkey " + key_file + " -in " + message_file + " -sigfile " + ours +
                                options_for(type));
    CHECK_MESSAGE(judged.exit_code == 0, judged.output);

    const std::string theirs = (folder.path() / "theirs").string();
    const auto made =
        openssl("pkeyutl -sign -inkey " + key_file + " -in " + message_file + " -out " + theirs + options_for(type));
    REQUIRE_MESSAGE(made.exit_code == 0, made.output);
    CHECK(crypto::verify(**key, as_bytes(message), as_bytes(*read_file(theirs, 10'000))).has_value());
  }
}

TEST_CASE("a changed message, a changed signature and another key are refused") {
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384, crypto::KeyType::ed25519,
                          crypto::KeyType::rsa_2048}) {
    CAPTURE(crypto::to_string(type));
    const auto key = crypto::generate_key(type);
    const auto other = crypto::generate_key(type);
    auto signature = *crypto::sign(**key, as_bytes("message"));
    CHECK(crypto::verify(**key, as_bytes("message"), signature).has_value());
    CHECK(crypto::verify(**key, as_bytes("massage"), signature).error().kind() == Errc::damaged);
    CHECK(crypto::verify(**other, as_bytes("message"), signature).error().kind() == Errc::damaged);
    CHECK(crypto::verify(**key, as_bytes("message"), {}).error().kind() == Errc::damaged);
    auto longer = signature;
    longer.push_back(0);
    CHECK(crypto::verify(**key, as_bytes("message"), longer).error().kind() == Errc::damaged);
    signature[signature.size() / 2] ^= 1;
    CHECK(crypto::verify(**key, as_bytes("message"), signature).error().kind() == Errc::damaged);
  }
}

TEST_CASE("a key outside the fleet's types neither signs nor verifies") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "key.pem").string();
  REQUIRE(openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out " + file).exit_code == 0);
  const auto key = crypto::read_private_key(*read_file(file, 10'000), file);
  REQUIRE(key.has_value());
  CHECK(crypto::sign(**key, as_bytes("m")).error().kind() == Errc::unsupported);
  CHECK(crypto::verify(**key, as_bytes("m"), as_bytes("s")).error().kind() == Errc::unsupported);
}
