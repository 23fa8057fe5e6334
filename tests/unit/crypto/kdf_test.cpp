#include "crypto/kdf.hpp"

#include <doctest/doctest.h>

using namespace p2p;

namespace {

Bytes bytes(std::string_view hex) { return *from_hex(hex); }

std::string expanded(ByteView key, ByteView info, std::size_t size) {
  const auto out = crypto::hkdf_expand(key, as_text(info), size);
  REQUIRE(out.has_value());
  return to_hex(as_bytes(out->view()));
}

}  // namespace

TEST_CASE("HMAC-SHA256 gives the values of RFC 4231") {
  CHECK(to_hex(crypto::hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(crypto::hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(crypto::hmac_sha256(Bytes(131, 0xaa),
                                   as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HKDF-SHA256 gives the values of RFC 5869") {
  const Bytes input(22, 0x0b);
  const auto key = crypto::hkdf_extract(bytes("000102030405060708090a0b0c"), input);
  CHECK(to_hex(key) == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  CHECK(expanded(key, bytes("f0f1f2f3f4f5f6f7f8f9"), 42) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  const auto without_salt = crypto::hkdf(input, "", 42);
  REQUIRE(without_salt.has_value());
  CHECK(to_hex(as_bytes(without_salt->view())) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("HKDF gives no more than its counter can number") {
  CHECK(crypto::hkdf(Bytes(32, 1), "x", 255 * 32).has_value());
  CHECK(crypto::hkdf(Bytes(32, 1), "x", 255 * 32 + 1).error().kind() == Errc::invalid);
}
