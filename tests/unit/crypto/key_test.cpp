#include "crypto/key.hpp"

#include <doctest/doctest.h>

#include "openssl_cli.hpp"

using namespace p2p;
using test::openssl;

namespace {

std::string pem_of(crypto::KeyType type) {
  const auto key = crypto::generate_key(type);
  REQUIRE(key.has_value());
  const auto pem = crypto::write_private_key(**key);
  REQUIRE(pem.has_value());
  return std::string(pem->view());
}

}  // namespace

TEST_CASE("openssl reads every type of key that is made, and it comes back the same") {
  const test::TemporaryFolder folder;
  struct Expected {
    crypto::KeyType type;
    const char* text;
    const char* says;
  };
  const Expected all[] = {
      {crypto::KeyType::ecdsa_p256, "ecdsa-p256", "ASN1 OID: prime256v1"},
      {crypto::KeyType::ecdsa_p384, "ecdsa-p384", "ASN1 OID: secp384r1"},
      {crypto::KeyType::ed25519, "ed25519", "ED25519 Private-Key"},
      {crypto::KeyType::rsa_2048, "rsa-2048", "Private-Key: (2048 bit"},
      {crypto::KeyType::rsa_3072, "rsa-3072", "Private-Key: (3072 bit"},
      {crypto::KeyType::rsa_4096, "rsa-4096", "Private-Key: (4096 bit"},
  };
  for (const auto& [type, text, says] : all) {
    CAPTURE(text);
    CHECK(crypto::to_string(type) == text);
    CHECK(crypto::parse_key_type(text) == type);
    const std::string pem = pem_of(type);
    CHECK(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto judged = openssl("pkey -check -text -noout -in " + folder.put("key.pem", pem));
    CHECK(judged.exit_code == 0);
    CHECK_MESSAGE(judged.output.find(says) != std::string::npos, judged.output);
    const auto again = crypto::read_private_key(pem, "key.pem");
    REQUIRE(again.has_value());
    CHECK(crypto::type_of(**again) == type);
    CHECK(crypto::write_private_key(**again)->view() == pem);
  }
  CHECK_FALSE(crypto::parse_key_type("rsa-1024"));
}

TEST_CASE("keys that openssl writes are read: traditional form, other curves have no type") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "key.pem").string();
  REQUIRE(openssl("ecparam -name prime256v1 -genkey -noout -out " + file).exit_code == 0);
  const auto traditional = crypto::read_private_key(*read_file(file, 10'000), file);
  REQUIRE(traditional.has_value());
  CHECK(crypto::type_of(**traditional) == crypto::KeyType::ecdsa_p256);
  REQUIRE(openssl("ecparam -name secp521r1 -genkey -noout -out " + file).exit_code == 0);
  const auto other = crypto::read_private_key(*read_file(file, 10'000), file);
  REQUIRE(other.has_value());
  CHECK_FALSE(crypto::type_of(**other));
  CHECK_FALSE(crypto::same_key(**traditional, **other));
}

TEST_CASE("an unreadable key is an error that names it, and nothing prompts") {
  const test::TemporaryFolder folder;
  const std::string pem = pem_of(crypto::KeyType::ecdsa_p256);
  for (const std::string& broken :
       {std::string(), std::string("hello"), pem.substr(0, pem.size() / 2), pem.substr(pem.size() / 2)}) {
    CAPTURE(broken);
    const auto key = crypto::read_private_key(broken, "certs/ca_key.pem");
    REQUIRE_FALSE(key.has_value());
    CHECK(key.error().kind() == Errc::damaged);
    CHECK(key.error().context.starts_with("certs/ca_key.pem: no private key can be read"));
  }
  CHECK(crypto::read_private_key(std::string(20'000, 'a'), "k").error().kind() == Errc::too_large);
  const std::string file = (folder.path() / "locked.pem").string();
  REQUIRE(openssl("genpkey -algorithm ed25519 -aes128 -pass pass:x -out " + file).exit_code == 0);
  const auto encrypted = crypto::read_private_key(*read_file(file, 10'000), "locked.pem");
  REQUIRE_FALSE(encrypted.has_value());
  CHECK(encrypted.error().kind() == Errc::unsupported);
}

TEST_CASE("a secret is gone from memory that it leaves") {
  std::string text(200, 's');
  const char* const at = text.data();
  crypto::wipe(text);
  CHECK(text.empty());
  CHECK(std::string_view(at, 200).find('s') == std::string_view::npos);
  crypto::Secret first(std::string("short"));
  const crypto::Secret second(std::move(first));
  CHECK(second.view() == "short");
  CHECK(second.view().data()[5] == '\0');
  CHECK(first.empty());
}
