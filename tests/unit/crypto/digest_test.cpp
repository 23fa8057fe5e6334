#include "crypto/digest.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("sha256 gives the values of FIPS 180-4 and NIST's examples") {
  CHECK(to_hex(crypto::sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(crypto::sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(crypto::sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("comparison in constant time tells equal from different") {
  CHECK(crypto::equal_constant_time({}, {}));
  CHECK(crypto::equal_constant_time(as_bytes("token"), as_bytes("token")));
  CHECK_FALSE(crypto::equal_constant_time(as_bytes("token"), as_bytes("tokem")));
  CHECK_FALSE(crypto::equal_constant_time(as_bytes("token"), as_bytes("toke")));
}
