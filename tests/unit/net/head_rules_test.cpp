#include "net/head_rules.hpp"
#include "net/field_text.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::net;

namespace {

Errc scan_error(std::string_view text) {
  HeadScanner scanner;
  const auto result = scanner.scan(text);
  return result ? Errc::failed : result.error().kind();
}

Headers headers_of(std::initializer_list<std::pair<const char*, const char*>> fields) {
  Headers out;
  for (const auto& [name, value] : fields) out.add(name, value);
  return out;
}

}  // namespace

TEST_CASE("the end of a head is found whatever the pieces") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    HeadScanner scanner;
    const auto first = scanner.scan(std::string_view(head).substr(0, cut));
    REQUIRE(first.has_value());
    CHECK(*first == (cut == head.size() ? head.size() : 0));
    if (cut < head.size()) CHECK(scanner.scan(head + "next").value() == head.size());
  }
}

TEST_CASE("what could be read in two ways is refused where it stands") {
  CHECK(scan_error("GET / HTTP/1.1\n") == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\nHost: a\n") == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\nA: b\rc\r\n") == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\nA: b\r\n c\r\n") == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n") == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\n A: b\r\n") == Errc::invalid);
  CHECK(scan_error(std::string_view("GET /\0 HTTP/1.1\r\n", 17)) == Errc::invalid);
  CHECK(scan_error("GET / HTTP/1.1\r\nA: \x7f\r\n") == Errc::invalid);
}

TEST_CASE("a head of 16 KiB passes, one byte more does not") {
  const std::string start = "GET / HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  const std::string fits = start + std::string(kMaxHeadBytes - start.size() - end.size(), 'x') + end;
  HeadScanner scanner;
  CHECK(scanner.scan(fits).value() == kMaxHeadBytes);
  CHECK(scan_error(start + std::string(kMaxHeadBytes - start.size(), 'x') + end) == Errc::too_large);
}

TEST_CASE("framing has one reading or none (RFC 9112 section 6.3)") {
  CHECK(read_framing(headers_of({{"content-length", "5"}}), true)->content_length == 5);
  CHECK(read_framing(headers_of({{"Transfer-Encoding", "Chunked"}}), true)->chunked);
  const Headers bad[] = {
      headers_of({{"Content-Length", "5"}, {"Content-Length", "5"}}),
      headers_of({{"Content-Length", "5, 5"}}),
      headers_of({{"Content-Length", "+5"}}),
      headers_of({{"Content-Length", "-1"}}),
      headers_of({{"Content-Length", "0x5"}}),
      headers_of({{"Content-Length", ""}}),
      headers_of({{"Content-Length", "18446744073709551616"}}),
      headers_of({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}),
      headers_of({{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}),
      headers_of({{"Transfer-Encoding", "gzip, chunked"}}),
      headers_of({{"Transfer-Encoding", "identity"}}),
      headers_of({{"Transfer-Encoding", "xchunked"}}),
      headers_of({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}),
  };
  for (const auto& headers : bad) CHECK_FALSE(read_framing(headers, true).has_value());
  CHECK_FALSE(read_framing(headers_of({{"Transfer-Encoding", "chunked"}}), false).has_value());
}

TEST_CASE("a request has one plain Host") {
  CHECK(check_host(headers_of({{"Host", "a:8001"}}), true).has_value());
  CHECK(check_host(headers_of({{"Host", "[::1]:8001"}}), true).has_value());
  CHECK(check_host(headers_of({}), false).has_value());
  CHECK_FALSE(check_host(headers_of({}), true).has_value());
  CHECK_FALSE(check_host(headers_of({{"Host", "a"}, {"host", "a"}}), true).has_value());
  CHECK_FALSE(check_host(headers_of({{"Host", "a, b"}}), true).has_value());
  CHECK_FALSE(check_host(headers_of({{"Host", "user@a"}}), true).has_value());
  CHECK_FALSE(check_host(headers_of({{"Host", ""}}), true).has_value());
}

TEST_CASE("a target is decoded once and keeps its query raw") {
  Request request;
  CHECK(read_target("/a%20b/%2541?x=%2F", request).has_value());
  CHECK(request.path == "/a b/%41");
  CHECK(request.query == "x=%2F");
  CHECK(read_target("http://host:1/p?q", request).has_value());
  CHECK(request.path == "/p");
  CHECK(read_target("HTTPS://host", request).has_value());
  CHECK(request.path == "/");
  CHECK(read_target("/a..b/.well-known/...", request).has_value());
  for (const char* target : {"*", "", "a", "/a/../b", "/..", "/a/.", "/%2e%2e/b", "/a%2f..%2fb", "/a%00", "/a%0d%0ab",
                             "/a#b", "/%", "ftp://host/", "host:80"}) {
    CAPTURE(target);
    CHECK_FALSE(read_target(target, request).has_value());
  }
}

TEST_CASE("a WebSocket is opened by the own page or by no page") {
  CHECK(is_same_origin(headers_of({{"Host", "a:8001"}}), true));
  CHECK(is_same_origin(headers_of({{"Host", "a:8001"}, {"Origin", "https://A:8001"}}), true));
  CHECK_FALSE(is_same_origin(headers_of({{"Host", "a:8001"}, {"Origin", "http://a:8001"}}), true));
  CHECK_FALSE(is_same_origin(headers_of({{"Host", "a:8001"}, {"Origin", "https://evil"}}), true));
  CHECK_FALSE(is_same_origin(headers_of({{"Host", "a:8001"}, {"Origin", "null"}}), true));
  CHECK_FALSE(
      is_same_origin(headers_of({{"Host", "a:8001"}, {"Origin", "https://a:8001"}, {"origin", "https://evil"}}), true));
}

TEST_CASE("a cookie is found by its whole name, among those that others have set") {
  const auto named = [](std::string_view field) { return cookies_named(field, "__Host-s"); };
  using Values = std::vector<std::string_view>;
  CHECK(named("__Host-s=a") == Values{"a"});
  CHECK(named("x=1; __Host-s=a; y; __Host-s=b=c") == Values{"a", "b=c"});
  CHECK(named("__Host-s=") == Values{""});
  for (const char* field : {"", ";", "x__Host-s=a", "__Host-s", "__host-s=a", "__Host-sx=a", "x=__Host-s=a"}) {
    CAPTURE(field);
    CHECK(named(field).empty());
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "__Host-s=a;";
  CHECK(named(many).size() == kMaxCookiesOfOneName);
}
