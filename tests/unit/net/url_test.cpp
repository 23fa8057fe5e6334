#include "net/url.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::net;

TEST_CASE("a URL has scheme, host, port and target") {
  CHECK(parse_url("https://acme.example/directory").value() == Url{true, "acme.example", 443, "/directory"});
  CHECK(parse_url("HTTP://A.Example:8802").value() == Url{false, "a.example", 8802, "/"});
  CHECK(parse_url("https://a?x=1").value() == Url{true, "a", 443, "/?x=1"});
  CHECK(parse_url("http://[2001:DB8:0::1]:80/a%20b?c=/d?").value() == Url{false, "2001:db8::1", 80, "/a%20b?c=/d?"});
  CHECK(parse_url("http://192.0.2.7/").value().host == "192.0.2.7");
}

TEST_CASE("a URL is written with the port that its scheme does not imply") {
  CHECK(Url{true, "a", 443, "/x"}.to_text() == "https://a/x");
  CHECK(Url{true, "a", 80, "/x"}.to_text() == "https://a:80/x");
  CHECK(Url{false, "::1", 80, "/"}.to_text() == "http://[::1]/");
  CHECK(Url{false, "::1", 8802, "/"}.authority() == "[::1]:8802");
}

TEST_CASE("what could be read in two ways is no URL") {
  for (const char* text : {"",
                           "a",
                           "/a",
                           "//a/b",
                           "ftp://a/",
                           "https:/a",
                           "https:a",
                           "https:///a",
                           "https://",
                           "https://a:0/",
                           "https://a:65536/",
                           "https://a:/",
                           "https://a:80x/",
                           "https://u@a/",
                           "https://u:p@a/",
                           "https://a/#f",
                           "https://a/ b",
                           "https://a/\"",
                           "https://a/\\b",
                           "https://a/%",
                           "https://a/%2",
                           "https://a/%zz",
                           "https://a/..",
                           "https://a/b/./c",
                           "https://a/%2e%2E/b",
                           "https://a b/",
                           "https://[a]/",
                           "https://[::1/",
                           "https://::1/",
                           "https://[192.0.2.7]/",
                           "https://300.1.2.3/",
                           "https://0x7f000001/",
                           "https://*.a/",
                           "https://-a/",
                           "https://a..b/",
                           "https://a/\r\nX: y",
                           "https://a/\xC3\xA9",
                           "https://[::1]x/",
                           "javascript:alert(1)"}) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().kind() == Errc::invalid);
  }
  const std::string prefix = "https://a/";
  CHECK(parse_url(prefix + std::string(kMaxUrlBytes - prefix.size(), 'x')).has_value());
  CHECK_FALSE(parse_url(prefix + std::string(kMaxUrlBytes - prefix.size() + 1, 'x')).has_value());
}

TEST_CASE("a reference is resolved as RFC 3986 section 5.4.1 does, but for dot segments") {
  const Url base = parse_url("http://a/b/c/d;p?q").value();
  const std::pair<const char*, const char*> kExamples[] = {
      {"http://g/h", "http://g/h"}, {"g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},    {"/g", "http://a/g"},
      {"//g", "http://g/"},         {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},  {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},    {"g;x?y#s", "http://a/b/c/g;x?y"},
      {"", "http://a/b/c/d;p?q"},   {"#s", "http://a/b/c/d;p?q"},
      {"https://a/", "https://a/"}, {"//g:81/x", "http://g:81/x"},
  };
  for (const auto& [reference, meaning] : kExamples) {
    CAPTURE(reference);
    CHECK(resolve_reference(base, reference).value().to_text() == meaning);
  }
  for (const char* reference : {"../g", "./g", "g:h", "ftp://a/", "//", "///x", "/a b", "http:g", "\r\n"}) {
    CAPTURE(reference);
    CHECK_FALSE(resolve_reference(base, reference).has_value());
  }
  const Url other_port = parse_url("https://a:8443/x").value();
  CHECK(resolve_reference(other_port, "/y").value().to_text() == "https://a:8443/y");
  CHECK(resolve_reference(other_port, "//a/y").value().to_text() == "https://a/y");
}
