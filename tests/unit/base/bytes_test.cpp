#include "base/bytes.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("base64 gives the vectors of RFC 4648 section 10") {
  CHECK(to_base64(as_bytes("")) == "");
  CHECK(to_base64(as_bytes("f")) == "Zg==");
  CHECK(to_base64(as_bytes("fo")) == "Zm8=");
  CHECK(to_base64(as_bytes("foo")) == "Zm9v");
  CHECK(to_base64(as_bytes("foob")) == "Zm9vYg==");
  CHECK(to_base64(as_bytes("fooba")) == "Zm9vYmE=");
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  CHECK(to_base64(Bytes{0xfb, 0xff}) == "+/8=");
}

TEST_CASE("base64 is read back from its one text form alone") {
  for (const char* plain : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(to_text(from_base64(to_base64(as_bytes(plain))).value()) == plain);
  }
  CHECK(from_base64("+/8=").value() == Bytes{0xfb, 0xff});
  for (const char* wrong :
       {"Zg", "Zg=", "Zg===", "Z===", "=", "====", "Zh==", "Zm9=", "-_8=", "Zm9v\n", "Zg==Zg==", "Zm=v"}) {
    CAPTURE(wrong);
    CHECK(from_base64(wrong).has_error());
  }
}

TEST_CASE("base64url is RFC 4648 section 5 without padding, both ways") {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    CHECK(to_base64url(as_bytes(plain)) == encoded);
    const auto back = from_base64url(encoded);
    REQUIRE(back.has_value());
    CHECK(to_text(*back) == plain);
  }
  // RFC 7515 appendix A.1.1: the octets of a real key, with both special characters.
  CHECK(to_base64url(Bytes{3, 236, 255, 224, 193}) == "A-z_4ME");
  CHECK(from_base64url("A-z_4ME").value() == Bytes{3, 236, 255, 224, 193});
}

TEST_CASE("base64url has one text form a value") {
  CHECK(from_base64url("Zg==").has_error());    // padding
  CHECK(from_base64url("Zh").has_error());      // non-zero trailing bits
  CHECK(from_base64url("Zm9").has_error());     // non-zero trailing bits of the longer tail
  CHECK(from_base64url("Z").has_error());       // impossible length
  CHECK(from_base64url("+/8").has_error());     // the other alphabet
  CHECK(from_base64url("Zm\n9v").has_error());  // white space
  CHECK(from_base64url("Zm9\xc3\xa9").has_error());
}

TEST_CASE("every byte survives base64url at every length modulo three") {
  Bytes all;
  for (int value = 0; value < 256; ++value) all.push_back(static_cast<std::uint8_t>(value));
  for (std::size_t drop = 0; drop < 3; ++drop) {
    const Bytes part(all.begin(), all.end() - static_cast<std::ptrdiff_t>(drop));
    CHECK(from_base64url(to_base64url(part)).value() == part);
  }
}

TEST_CASE("hexadecimal is written in lower case and read in both") {
  CHECK(to_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}) == "000fa5ff");
  CHECK(from_hex("000Fa5fF").value() == Bytes{0x00, 0x0f, 0xa5, 0xff});
  CHECK(from_hex("").value().empty());
  CHECK(from_hex("abc").has_error());
  CHECK(from_hex("0g").has_error());
  CHECK(from_hex("0x").has_error());
  CHECK(from_hex(" 1").has_error());
}
