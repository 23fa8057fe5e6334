#include "pki/subject_name.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using Kind = pki::SubjectName::Kind;

TEST_CASE("DNS names, wildcards and addresses are told apart") {
  struct Expected {
    const char* given;
    Kind kind;
    const char* text;
  };
  for (const auto& [given, kind, text] : {Expected{"worker-1", Kind::dns, "worker-1"},
                                          {"*.local", Kind::dns, "*.local"},
                                          {"a_b.example.org", Kind::dns, "a_b.example.org"},
                                          {"xn--p1ai.example", Kind::dns, "xn--p1ai.example"},
                                          {"10.0.0.7", Kind::ip, "10.0.0.7"},
                                          {"2001:DB8:0:0::1", Kind::ip, "2001:db8::1"},
                                          {"::1", Kind::ip, "::1"},
                                          {"::ffff:1.2.3.4", Kind::ip, "::ffff:1.2.3.4"}}) {
    CAPTURE(given);
    const auto name = pki::parse_subject_name(given);
    REQUIRE(name.has_value());
    CHECK(name->kind == kind);
    CHECK(name->text == text);
  }
}

TEST_CASE("what no certificate should carry is refused") {
  const std::string label(64, 'a');
  std::string long_name = "a";
  while (long_name.size() < 254) long_name += ".a";
  for (const std::string& given : {std::string(),
                                   std::string("*"),
                                   std::string("*."),
                                   std::string("a*.local"),
                                   std::string("*.*.local"),
                                   std::string("w.*"),
                                   std::string("-a"),
                                   std::string("a-"),
                                   std::string("a..b"),
                                   std::string("a."),
                                   std::string(".a"),
                                   std::string("a b"),
                                   std::string("a,DNS:b"),
                                   std::string("300.1.2.3"),
                                   std::string("10.0.0"),
                                   std::string("10.0.0.0/8"),
                                   std::string("[::1]"),
                                   std::string("::1%eth0"),
                                   std::string("fe80::1%1"),
                                   std::string("host:8001"),
                                   std::string("https://host"),
                                   std::string("DNS:host"),
                                   std::string("a\0b", 3),
                                   std::string("\xD0\xB0"),
                                   label,
                                   long_name}) {
    CAPTURE(given);
    const auto name = pki::parse_subject_name(given);
    REQUIRE_FALSE(name.has_value());
    CHECK(name.error().kind() == Errc::invalid);
  }
}

TEST_CASE("a node whose name is written as an address is reached by that address") {
  CHECK(pki::subject_name_of_node("10.0.0.7") == pki::SubjectName{Kind::ip, "10.0.0.7"});
  CHECK(pki::subject_name_of_node("worker_1") == pki::SubjectName{Kind::dns, "worker_1"});
}
