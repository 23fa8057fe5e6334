#include "rpc/dispatcher.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "dispatcher_fixture.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<Outcome> subtract(CallContext call) {
  const Json params = parse_json(call.params).value();
  const bool by_name = params.is_object();
  const int from = by_name ? params["minuend"].get<int>() : params[0].get<int>();
  const int what = by_name ? params["subtrahend"].get<int>() : params[1].get<int>();
  co_return std::to_string(from - what);
}
asio::awaitable<Outcome> sum(CallContext call) {
  int total = 0;
  for (const Json& part : parse_json(call.params).value()) total += part.get<int>();
  co_return std::to_string(total);
}
asio::awaitable<Outcome> get_data(CallContext) { co_return R"(["hello", 5])"; }
asio::awaitable<Outcome> nothing(CallContext) { co_return "null"; }

/// What the specification writes, without our additional `data`.
Json without_data(Json answer) {
  if (answer.is_array()) {
    for (Json& element : answer) element = without_data(element);
  } else if (answer.contains("error")) {
    answer["error"].erase("data");
  }
  return answer;
}

TEST_CASE_FIXTURE(DispatcherFixture, "the examples of the JSON-RPC 2.0 specification, word for word") {
  // They have names without a service.
  Service named{"examples", "1", "", true, {}};
  named.methods = {method("subtract", subtract),    method("sum", sum),
                   method("get_data", get_data),    method("update", nothing),
                   method("notify_hello", nothing), method("notify_sum", nothing)};
  registry.publish(std::move(named));
  struct Example {
    const char* request;
    const char* response;
  };
  const Example examples[] = {
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 1})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2})",
       R"({"jsonrpc": "2.0", "result": -19, "id": 2})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 3})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4})",
       R"({"jsonrpc": "2.0", "result": 19, "id": 4})"},
      {R"({"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar"})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar", "id": "1"})",
       R"({"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"})"},
      {R"({"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz])",
       R"({"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null})"},
      {R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})",
       R"({"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null})"},
      {R"([
  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
  {"jsonrpc": "2.0", "method"
])",
       R"({"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null})"},
      {"[]", R"({"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null})"},
      {"[1]", R"([
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
])"},
      {"[1,2,3]", R"([
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
])"},
      {R"([
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ])",
       R"([
        {"jsonrpc": "2.0", "result": 7, "id": "1"},
        {"jsonrpc": "2.0", "result": 19, "id": "2"},
        {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
    ])"},
      {R"([
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
    ])",
       ""},
  };
  for (const Example& example : examples) {
    CAPTURE(example.request);
    const net::Response response = post(example.request);
    if (*example.response == '\0') {
      CHECK(response.status == 204);
      CHECK(response.body.empty());
    } else {
      CHECK(response.status == 200);
      CHECK(without_data(parse_json(response.body).value()) == parse_json(example.response).value());
    }
  }
}

TEST_CASE_FIXTURE(DispatcherFixture, "numbers beyond 2^53 and ids pass through unchanged") {
  CHECK(post(R"({"jsonrpc":"2.0","method":"test.echo","params":[12345678901234567890123, 1.10],"id":9007199254740993})")
            .body == R"({"jsonrpc":"2.0","result":[12345678901234567890123, 1.10],"id":9007199254740993})");
}

TEST_CASE_FIXTURE(DispatcherFixture, "service/method and the path name the same method") {
  CHECK(call("test/echo", "[1]")["result"] == Json{1});
  request.captured = {"test", "echo"};
  request.body = " {\"a\": 1} ";
  net::Router router;
  dispatcher.add_routes(router);
  const auto match = router.find(net::Method::post, "/rpc/test/echo");
  REQUIRE(match.route != nullptr);
  CHECK(match.route->permission == auth::Permission::authenticated);
  request.captured = match.captured;
  CHECK(test::run(match.route->handler(request)).body == R"({"jsonrpc":"2.0","result":{"a": 1},"id":null})");
  request.body.clear();
  CHECK(test::run(match.route->handler(request)).body == R"({"jsonrpc":"2.0","result":null,"id":null})");
  request.body = "{";
  CHECK(parse_json(test::run(match.route->handler(request)).body).value()["error"]["code"] == -32700);
  request.body = "7";
  CHECK(parse_json(test::run(match.route->handler(request)).body).value()["error"]["code"] == -32602);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a method asks for its permission") {
  CHECK(call("test.admin")["error"]["code"] == -32004);
  as(pki::Role::operator_, "alice");
  CHECK(call("test.admin")["result"] == Json::object());
}

TEST_CASE_FIXTURE(DispatcherFixture, "a method that does not end is cut off at the deadline") {
  request.headers.set("P2P-Timeout-Ms", "20");
  CHECK(call("test.never")["error"]["code"] == -32002);
  const Json batch =
      parse_json(
          post(R"([{"jsonrpc":"2.0","id":1,"method":"test.never"},{"jsonrpc":"2.0","id":2,"method":"test.echo"}])")
              .body)
          .value();
  CHECK(batch[0]["error"]["code"] == -32002);
  CHECK(batch[1]["result"] == nullptr);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a method that its own limit ends says so, whatever the caller would wait") {
  Service brief{"brief", "1", "", true, {}};
  brief.methods = {method("brief.never", never)};
  brief.methods.front().timeout = 20ms;
  registry.publish(std::move(brief));
  const std::string own = R"(method "brief.never" may take 20ms and was ended; the outcome is unknown)";
  request.headers.set("P2P-Timeout-Ms", "60000");
  CHECK(call("brief.never")["error"]["data"] == own);
  request.headers.set("P2P-Timeout-Ms", "5");
  CHECK(call("brief.never")["error"]["code"] == -32002);
  CHECK(call("brief.never")["error"]["data"] != own);
}

TEST_CASE_FIXTURE(DispatcherFixture, "an exception becomes an internal error without its text") {
  const Json answer = call("test.throws");
  CHECK(answer["error"]["code"] == -32603);
  CHECK(dump_json(answer).find("secret") == std::string::npos);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a bad deadline or target is an Invalid Request") {
  for (const char* text : {"0", "-1", "abc", "1.5", "3600001", ""}) {
    request.headers.set("P2P-Timeout-Ms", text);
    CHECK(call("test.echo")["error"]["code"] == -32600);
  }
  request.headers.clear();
  request.headers.set("P2P-Target", "everyone");
  CHECK(call("test.echo")["error"]["code"] == -32600);
  request.headers.set("P2P-Target", "node:w1");
  request.query = "target=node:w2";
  CHECK(call("test.echo")["error"]["code"] == -32600);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a worker answers for itself and passes nothing on") {
  for (const char* target : {"node:w1", "role:worker", "service:test"}) {
    CAPTURE(target);
    request.headers.set("P2P-Target", target);
    CHECK(call("test.echo")["result"] == Json::object());
  }
  for (const char* target : {"node:w2", "role:coordinator", "service:disk", "all"}) {
    CAPTURE(target);
    request.headers.set("P2P-Target", target);
    CHECK(call("test.echo")["error"]["code"] == -32001);
  }
}

TEST_CASE_FIXTURE(DispatcherFixture, "only a coordinator may state another caller") {
  request.headers.set("P2P-Caller", "operator/alice;rpc:call");
  CHECK(call("test.who")["error"]["code"] == -32004);
  as(pki::Role::operator_, "mallory");
  CHECK(call("test.who")["error"]["code"] == -32004);
  as(pki::Role::coordinator, "c1");
  CHECK(call("test.who")["result"] == "alice");
  CHECK(call("test.admin")["error"]["code"] == -32004);
  request.caller.over_p2p = false;
  CHECK(call("test.who")["error"]["code"] == -32004);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a batch of 100 calls runs whole and keeps its order") {
  std::string text = "[";
  for (int i = 0; i < 100; ++i) {
    text += (i == 0 ? "" : ",") +
            (R"({"jsonrpc":"2.0","method":"test.echo","params":[)" + std::to_string(i) + R"(],"id":)") +
            std::to_string(i) + "}";
  }
  const Json answers = parse_json(post(text + "]").body).value();
  REQUIRE(answers.size() == 100);
  for (int i = 0; i < 100; ++i) {
    CHECK(answers[static_cast<std::size_t>(i)]["id"] == i);
    CHECK(answers[static_cast<std::size_t>(i)]["result"][0] == i);
  }
}

TEST_CASE("a batch is charged for all its calls, by who brought it, and refused as a whole") {
  Registry registry;
  registry.publish({"test", "1", "", true, {method("test.echo", echo)}});
  NullLogSink log;
  std::vector<std::size_t> charged;
  std::string charged_to;
  Dispatcher dispatcher(
      {"w1", pki::Role::worker}, registry, nullptr, log,
      [&](const auth::Caller& caller, std::size_t calls, std::size_t paid) -> std::optional<std::chrono::seconds> {
        CHECK(paid == 1);
        charged.push_back(calls);
        charged_to = caller.address;
        return calls > 2 ? std::optional(4s) : std::nullopt;
      });
  const auto post = [&](std::string body) {
    net::Request request;
    request.method = net::Method::post;
    request.path = "/rpc";
    request.caller.address = "192.0.2.1";
    request.caller.identity = pki::Identity{"p2p", pki::Role::worker, "w7"};
    request.body = std::move(body);
    return test::run(dispatcher.handle(request));
  };
  const std::string call = R"({"jsonrpc":"2.0","method":"test.echo","id":1})";
  CHECK(post(call).status == 200);
  CHECK(post("[" + call + "]").status == 200);
  CHECK(charged.empty());
  CHECK(post("[" + call + "," + call + "]").status == 200);
  const auto refused = post("[" + call + "," + call + "," + call + "]");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "4");
  const Json body = parse_json(refused.body).value();
  CHECK(body["error"]["code"] == -32003);
  CHECK(body["id"].is_null());
  CHECK(charged == std::vector<std::size_t>{2, 3});
  CHECK(charged_to == "192.0.2.1");
}

TEST_CASE("a call over a link is charged to the node that sends it, whomever it speaks for; a service's to nobody") {
  Registry registry;
  registry.publish({"test", "1", "", true, {method("test.echo", echo)}});
  NullLogSink log;
  std::size_t left = 4;
  Dispatcher dispatcher(
      {"c1", pki::Role::coordinator}, registry, nullptr, log,
      [&](const auth::Caller& caller, std::size_t calls, std::size_t paid) -> std::optional<std::chrono::seconds> {
        CHECK(caller.identity->name == "w7");
        CHECK(paid == 0);
        if (calls > left) return 1s;
        left -= calls;
        return std::nullopt;
      });
  auth::Caller peer;
  peer.identity = pki::Identity{"p2p", pki::Role::worker, "w7"};
  Origin origin;
  origin.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  origin.deadline = Monotonic::max();
  const std::string call = R"({"jsonrpc":"2.0","method":"test.echo","id":1})";
  const auto answer = [&](const std::string& text, const auth::Caller* charged) {
    return parse_json(test::run(dispatcher.answer(text, origin, charged))).value();
  };
  CHECK(answer(call, &peer).contains("result"));
  CHECK(answer("[" + call + "," + call + "]", &peer).size() == 2);
  CHECK(answer("[" + call + "," + call + "]", &peer)["error"]["code"] == -32003);
  CHECK(answer("nonsense", &peer)["error"]["code"] == -32700);
  CHECK(answer(call, &peer)["error"]["code"] == -32003);
  CHECK(answer(call, nullptr).contains("result"));
}

TEST_CASE_FIXTURE(DispatcherFixture,
                  "a method gets only what fits its schema, and its caller is asked for the right first") {
  Service strict{"strict", "1", "", true, {}};
  strict.methods = {method("strict.echo", echo), method("strict.admin", echo, auth::Permission::admin)};
  for (Method& one : strict.methods) {
    one.params_schema = R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})";
  }
  registry.publish(std::move(strict));
  const auto answer = [&](const std::string& name, const std::string& params) {
    const std::string with = params.empty() ? "" : R"(,"params":)" + params;
    return parse_json(post(R"({"jsonrpc":"2.0","id":1,"method":")" + name + '"' + with + '}').body).value();
  };
  CHECK(answer("strict.echo", R"({"n":1})")["result"] == Json{{"n", 1}});
  for (const char* params : {R"({"n":"1"})", "{}", "[1]", "", R"({"n":1,"n":2})"}) {
    CAPTURE(params);
    CHECK(answer("strict.echo", params)["error"]["code"] == -32602);
  }
  CHECK(answer("strict.echo", "{}")["error"]["data"] == "params.n is missing");
  CHECK(answer("strict.admin", "{}")["error"]["code"] == -32004);
  const Method* counted = registry.snapshot()->find("strict.echo");
  CHECK(counted->counts->done == 1);
  CHECK(counted->counts->failed == 0);
  CHECK(counted->counts->refused == 6);
}

}  // namespace
}  // namespace p2p::rpc
