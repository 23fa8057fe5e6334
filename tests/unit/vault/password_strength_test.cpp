#include "vault/password_strength.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("a password has at least eight characters, however many bytes they are") {
  CHECK(!vault::password_fault("").empty());
  CHECK(!vault::password_fault("1234567").empty());
  CHECK(!vault::password_fault("пароль7").empty());
  CHECK(vault::password_fault("12345678").empty());
  CHECK(vault::password_fault("пароль78").empty());
}

TEST_CASE("what is guessed first is called weak") {
  for (const char* weak : {"password", "Password1234", "12345678", "aaaaaaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnop",
                           "0123456789012345", "qwerty123456", "abcd1234", "sunshine"}) {
    CAPTURE(weak);
    CHECK(!vault::password_weakness(weak).empty());
  }
}

TEST_CASE("what takes long to guess is not") {
  for (const char* good : {"correct horse battery staple", "xK9#mQ2$vL7p", "uieomvzqrtnwkxjb", "пароль длиннее восьми",
                           "7f3a9c02e5b81d64"}) {
    CAPTURE(good);
    CHECK(vault::password_weakness(good).empty());
  }
}
