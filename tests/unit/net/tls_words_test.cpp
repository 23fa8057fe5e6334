#include "net/tls_words.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::net;

// The reasons are OpenSSL's (ssl/ssl_err.c); an alert's name is that of RFC 8446 section 6.
TEST_CASE("what ended a connection is said in plain words first, with OpenSSL's behind them") {
  CHECK(tls_sentence("unexpected eof while reading") ==
        "the connection was closed (TLS: unexpected eof while reading)");
  CHECK(tls_sentence("sslv3 alert certificate revoked") ==
        "this certificate was revoked (TLS: sslv3 alert certificate revoked)");
  CHECK(tls_sentence("wrong version number") == "TLS: wrong version number");
}

TEST_CASE("an alert is found in a sentence, in brackets or not, and nothing else is taken for one") {
  CHECK(refusal_in("10.0.0.1:8001: " + tls_sentence("sslv3 alert certificate expired")) == "certificate expired");
  CHECK(refusal_in("TLS: tlsv1 alert internal error") == "internal error");
  CHECK_FALSE(refusal_in(tls_sentence("unexpected eof while reading")).has_value());
  CHECK_FALSE(refusal_in("an alert").has_value());
  CHECK_FALSE(refusal_in("").has_value());
}
