#include "net/http.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace p2p;
using namespace p2p::net;

TEST_CASE("headers compare names without case and keep their order") {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("accept", "b");
  headers.add("Host", "h");
  CHECK(headers.get("ACCEPT") == "a");
  CHECK(headers.size() == 3);
  headers.set("accept", "c");
  CHECK(headers.size() == 2);
  CHECK(headers.get("Accept") == "c");
  CHECK_FALSE(headers.has("Hos"));
  CHECK(headers.get("absent").empty());
}

TEST_CASE("percent coding follows RFC 3986 section 2") {
  CHECK(percent_encode("a b/\xc3\xa4~") == "a%20b%2F%C3%A4~");
  CHECK(percent_decode("a%20b%2f%C3%A4").value() == "a b/\xc3\xa4");
  for (const char* text : {"%", "%4", "%zz", "a%2"}) CHECK_FALSE(percent_decode(text).has_value());
}

TEST_CASE("query parameters are decoded, the first of a name counts") {
  Request request;
  request.query = "target=node%3Aw-1&empty=&flag&b%61d=%zz&target=other";
  CHECK(request.query_parameter("target").value() == "node:w-1");
  CHECK(request.query_parameter("empty").value().empty());
  CHECK(request.query_parameter("flag").value().empty());
  CHECK_FALSE(request.query_parameter("bad").has_value());
  CHECK_FALSE(request.query_parameter("absent").has_value());
}

TEST_CASE("a problem is the JSON of RFC 9457") {
  const Response response = Response::problem(404, "no route \"/x\"");
  CHECK(response.content_type == "application/problem+json");
  const auto parsed = parse_json(response.body);
  REQUIRE(parsed.has_value());
  CHECK(*find_string(*parsed, "type") == "about:blank");
  CHECK(*find_string(*parsed, "title") == "Not Found");
  CHECK(*find_string(*parsed, "detail") == "no route \"/x\"");
  CHECK(find_unsigned(*parsed, "status") == 404);
}

TEST_CASE("errors become the status that the contract says") {
  const std::pair<Errc, unsigned> table[] = {{Errc::not_permitted, 403}, {Errc::not_found, 404}, {Errc::invalid, 400},
                                             {Errc::too_large, 413},     {Errc::timeout, 504},   {Errc::limited, 429},
                                             {Errc::unreachable, 502},   {Errc::damaged, 500}};
  for (const auto& [kind, status] : table) CHECK(Response::problem(Error(kind, "x")).status == status);
}

TEST_CASE("methods are exact") {
  CHECK(parse_method("DELETE") == Method::delete_);
  CHECK(parse_method("get") == Method::other);
  CHECK(to_string(Method::head) == "HEAD");
}
