#include "rpc/jsonrpc.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/json.hpp"

namespace p2p::rpc {
namespace {

std::string request_with(std::string_view id) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"a.b","id":{}}})", id);
}

/// The code that the one call or the whole request is refused with, 0 when it is fine.
int refusal(std::string_view text) {
  const ParsedRequest request = parse_request(text);
  if (request.error) return static_cast<int>(request.error->code);
  return request.calls.front().flaw.empty() ? 0 : static_cast<int>(Code::invalid_request);
}

TEST_CASE("ids are echoed byte for byte") {
  for (const char* id :
       {"1", "-7", "\"a\"", "\"\\u0041\\/\"", "null", "12345678901234567890123", "1.50", "1e3", "\"\""}) {
    CAPTURE(id);
    const std::string text = request_with(id);
    const ParsedRequest request = parse_request(text);
    REQUIRE_FALSE(request.error.has_value());
    CHECK(request.calls.front().id == id);
    CHECK(request.calls.front().wants_answer());
    std::string out;
    append_result(out, "{}", request.calls.front().id);
    CHECK(out == fmt::format(R"({{"jsonrpc":"2.0","result":{{}},"id":{}}})", id));
  }
}

TEST_CASE("parameters are sliced as they were sent") {
  const std::string text =
      "{ \"params\" : { \"big\" : 12345678901234567890123 , \"x\":1.10 } "
      ",\"method\":\"a\\u002eb\",\"jsonrpc\":\"2.0\"}";
  const ParsedRequest request = parse_request(text);
  REQUIRE_FALSE(request.error.has_value());
  const ParsedCall& call = request.calls.front();
  CHECK(call.params == "{ \"big\" : 12345678901234567890123 , \"x\":1.10 }");
  CHECK(call.method == "a.b");
  CHECK_FALSE(call.wants_answer());
}

TEST_CASE("flawed calls are Invalid Requests, and their id is echoed where it can be told") {
  const int invalid = static_cast<int>(Code::invalid_request);
  CHECK(refusal("1") == invalid);
  CHECK(refusal("null") == invalid);
  CHECK(refusal("\"text\"") == invalid);
  CHECK(refusal("{}") == invalid);
  CHECK(refusal("[]") == invalid);
  CHECK(refusal(R"({"method":"a.b","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":2.0,"method":"a.b","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.1","method":"a.b","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":7,"id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","params":"x","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","params":null,"id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","id":{}})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","id":true})") == invalid);
  const std::string with_id = R"({"jsonrpc":"2.0","method":7,"id":"x"})";
  CHECK(parse_request(with_id).calls.front().id == "\"x\"");
  const std::string bad_id = R"({"jsonrpc":"2.0","method":"a.b","id":[1]})";
  CHECK(parse_request(bad_id).calls.front().id.empty());
  CHECK(parse_request(bad_id).calls.front().wants_answer());
}

TEST_CASE("repeated members of the envelope are refused, also when spelt with escapes") {
  const int invalid = static_cast<int>(Code::invalid_request);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","method":"c.d","id":1})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","id":1,"i\u0064":2})") == invalid);
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","params":[],"params":{},"id":1})") == invalid);
  const std::string two_ids = R"({"jsonrpc":"2.0","method":"a.b","id":1,"id":2})";
  CHECK(parse_request(two_ids).calls.front().id.empty());
  CHECK(refusal(R"({"jsonrpc":"2.0","method":"a.b","id":1,"x":1,"x":2})") == 0);
}

TEST_CASE("a batch holds at most 100 calls") {
  const auto batch = [](int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + request_with(std::to_string(i));
    return text + "]";
  };
  const std::string fits = batch(100);
  CHECK(parse_request(fits).calls.size() == 100);
  CHECK(refusal(batch(101)) == static_cast<int>(Code::invalid_request));
  CHECK(parse_request(batch(101)).error->data.find("101") != std::string::npos);
  std::string torn = batch(101);
  torn.back() = ',';
  CHECK(refusal(torn) == static_cast<int>(Code::parse_error));
}

TEST_CASE("text that is not JSON is a Parse error") {
  const int parse = static_cast<int>(Code::parse_error);
  CHECK(refusal("") == parse);
  CHECK(refusal("{\"jsonrpc\":\"2.0\"") == parse);
  CHECK(refusal(request_with("1") + "x") == parse);
  CHECK(refusal(std::string(10'000, '[')) == parse);
  CHECK(refusal("{\"jsonrpc\":\"2.0\",\"method\":\"\xFF\",\"id\":1}") == parse);
  CHECK(refusal(request_with("01")) == parse);
}

TEST_CASE("errors are objects with the standard message and a detail") {
  std::string out;
  append_error(out, standard_error(Code::method_not_found, "no \"x\""), {});
  CHECK(parse_json(out).value() ==
        Json{{"jsonrpc", "2.0"},
             {"error", {{"code", -32601}, {"message", "Method not found"}, {"data", "no \"x\""}}},
             {"id", nullptr}});
}

TEST_CASE("a peer's answer is read back to what it meant") {
  CHECK(parse_response(R"({"jsonrpc":"2.0","result":12345678901234567890123,"id":1})").value().value() ==
        "12345678901234567890123");
  const auto failed =
      parse_response(R"({"id":1,"error":{"message":"no \u0041","code":-32000,"data":{"a":1}},"jsonrpc":"2.0"})")
          .value();
  REQUIRE(failed.has_error());
  CHECK(failed.error().code == Code::service_failed);
  CHECK(failed.error().message == "no A");
  CHECK(failed.error().data == R"({"a":1})");
  for (const char* text : {"", "[]", "{}", "{\"result\":1,\"error\":{}}", "{\"error\":1}", "{\"error\":{\"code\":1}}",
                           "{\"error\":{\"code\":1.5,\"message\":\"\"}}", "{\"result\":1}x"}) {
    CAPTURE(text);
    CHECK(parse_response(text).has_error());
  }
}

TEST_CASE("the answer to another call is none to this one, but for a peer that could not read it") {
  for (const char* text : {R"({"jsonrpc":"2.0","result":1,"id":2})", R"({"jsonrpc":"2.0","result":1,"id":"1"})",
                           R"({"jsonrpc":"2.0","result":1,"id":null})", R"({"jsonrpc":"2.0","result":1})",
                           R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no"},"id":2})"}) {
    CAPTURE(text);
    CHECK(parse_response(text).has_error());
  }
  const auto unread = parse_response(R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null})");
  REQUIRE(unread.has_value());
  REQUIRE(unread->has_error());
  CHECK(unread->error().code == Code::parse_error);
}

TEST_CASE("a request that is passed on is read as it was meant") {
  const std::string text = make_request("disk.usage", R"({"path":"/"})");
  const ParsedRequest request = parse_request(text);
  REQUIRE_FALSE(request.error.has_value());
  CHECK(request.calls.front().method == "disk.usage");
  CHECK(request.calls.front().params == R"({"path":"/"})");
  const std::string bare = make_request("a.b", "");
  CHECK(parse_request(bare).calls.front().params.empty());
}

}  // namespace
}  // namespace p2p::rpc
