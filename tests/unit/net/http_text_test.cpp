#include "net/http_text.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::net;

TEST_CASE("dates are those of RFC 9110 section 5.6.7") {
  CHECK(format_http_date(WallTime(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(format_http_date(WallTime(std::chrono::seconds(951827696))) == "Tue, 29 Feb 2000 12:34:56 GMT");
}

TEST_CASE("a date is read as it is written, and nothing else is") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value() == WallTime(std::chrono::seconds(784111777)));
  CHECK(parse_http_date("Tue, 29 Feb 2000 12:34:56 GMT").value() == WallTime(std::chrono::seconds(951827696)));
  for (const char* text :
       {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Tue, 30 Feb 2000 12:34:56 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sat, 06 Nov 9994 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
  }
}

TEST_CASE("Retry-After is seconds or a date, at most a day") {
  using namespace std::chrono_literals;
  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto retry_after = [](const std::string& value) {
    Headers headers;
    headers.add("Retry-After", value);
    return read_retry_after(headers, WallTime(784111777s));
  };
  CHECK(retry_after("120") == 120s);
  CHECK(retry_after("0") == 0s);
  CHECK(retry_after("Sun, 06 Nov 1994 08:50:07 GMT") == 30s);
  CHECK(retry_after("Mon, 06 Nov 2000 08:49:37 GMT") == 24h);
  CHECK(retry_after("99999999999") == 24h);
  for (const char* text : {"", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(retry_after(text).has_value());
  }
}

TEST_CASE("a response is one message") {
  std::string out;
  ResponseWriting how;
  how.date = "D";
  append_response(out, Response::json("{}"), how);
  CHECK(out ==
        "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/json\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Length: 2\r\nCache-Control: no-store\r\n\r\n{}");
  out.clear();
  how.keep_alive = false;
  how.with_body = false;
  append_response(out, Response::text("abc", 503), how);
  CHECK(out ==
        "HTTP/1.1 503 Service Unavailable\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Length: 3\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
  out.clear();
  Response empty;
  empty.status = 204;
  append_response(out, empty, {.date = "D"});
  CHECK(out == "HTTP/1.1 204 No Content\r\nDate: D\r\nCache-Control: no-store\r\n\r\n");
  out.clear();
  Response kept = Response::text("a");
  kept.headers.add("Cache-Control", "no-cache");
  append_response(out, kept, {.date = "D"});
  CHECK(out.find("no-store") == std::string::npos);
}

TEST_CASE("a header cannot split or reframe a response") {
  std::string out;
  Response response = Response::json("{}");
  response.headers.add("X-A", "1\r\nX-Evil: 2");
  response.headers.add("Bad Name", "1");
  response.headers.add("Content-Length", "100");
  response.headers.add("X-Good", "1");
  append_response(out, response, {.date = "D"});
  CHECK(out.find("Evil") == std::string::npos);
  CHECK(out.find("Bad Name") == std::string::npos);
  CHECK(out.find("100") == std::string::npos);
  CHECK(out.find("X-Good: 1\r\n") != std::string::npos);
}

TEST_CASE("a request is one message or is refused") {
  std::string out;
  Headers headers;
  headers.add("P2P-Target", "all");
  REQUIRE(append_request(out, Method::post, "/rpc", "a:1", headers, "{}").has_value());
  CHECK(out == "POST /rpc HTTP/1.1\r\nHost: a:1\r\nContent-Length: 2\r\nP2P-Target: all\r\n\r\n{}");
  CHECK_FALSE(append_request(out, Method::get, "/a b", "h", {}, "").has_value());
  CHECK_FALSE(append_request(out, Method::get, "a", "h", {}, "").has_value());
  CHECK_FALSE(append_request(out, Method::get, "/a\r\nX: y", "h", {}, "").has_value());
  Headers evil;
  evil.add("X", "1\r\nY: 2");
  CHECK_FALSE(append_request(out, Method::get, "/", "h", evil, "").has_value());
}
