#include "acme/certificate_id.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::acme;

TEST_CASE("the example of RFC 9773 section 4.1") {
  // Authority key id 69:88:5B:6B:87:46:40:41:E1:B3:7B:84:7B:A0:AE:2C:DE:01:C8:D4, serial 00:87:65:43:21.
  const pki::CertificateId id{from_hex("69885b6b87464041e1b37b847ba0ae2cde01c8d4").value(),
                              from_hex("87654321").value()};
  CHECK(to_text(id) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  CHECK(parse_certificate_id("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE").value() == id);
}

TEST_CASE("a serial without its first bit has no zero before it") {
  const pki::CertificateId id{{1, 2, 3}, {0x41, 0x02}};
  CHECK(to_text(id) == "AQID.QQI");
  CHECK(parse_certificate_id("AQID.QQI").value() == id);
}

TEST_CASE("only the one form is read") {
  for (const char* text : {"", ".", "AQID", "AQID.", ".QQI", "AQID.QQI.", "AQID.AEEC" /* needless zero */, "AQID.AA",
                           "AQID.h2VDIQ" /* negative */, "AQID=.QQI", "AQID.QQI=", "AQID.QQJ" /* trailing bits */}) {
    CHECK_MESSAGE(!parse_certificate_id(text).has_value(), text);
  }
  CHECK_FALSE(parse_certificate_id(std::string(10'000, 'A')).has_value());
  CHECK_FALSE(parse_certificate_id("AQID." + std::string(32, 'Q')).has_value());
}
