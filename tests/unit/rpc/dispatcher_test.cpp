#include "rpc/dispatcher.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <numeric>

#include "base/json.hpp"
#include "run.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Method method(std::string name, MethodHandler handler, auth::Permission permission = auth::Permission::authenticated) {
  Method made;
  made.name = std::move(name);
  made.permission = permission;
  made.handler = std::move(handler);
  return made;
}

asio::awaitable<Outcome> echo(CallContext call) { co_return call.params.empty() ? "null" : call.params; }
asio::awaitable<Outcome> who(CallContext call) { co_return dump_json(Json(call.caller.identity->name)); }
asio::awaitable<Outcome> never(CallContext) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return "null";
}
asio::awaitable<Outcome> throws(CallContext) { throw std::runtime_error("secret of the implementation"); }

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

struct DispatcherFixture {
  Registry registry;
  NullLogSink log;
  Dispatcher dispatcher{{"w1", pki::Role::worker}, registry, nullptr, log};
  net::Request request;

  DispatcherFixture() {
    Service test{"test", "1", "", true, {}};
    test.methods = {method("test.echo", echo), method("test.who", who), method("test.never", never),
                    method("test.throws", throws), method("test.admin", echo, auth::Permission::admin)};
    registry.publish(std::move(test));
    // The specification's examples use names without a service.
    Service examples{"examples", "1", "", true, {}};
    examples.methods = {method("subtract", subtract),    method("sum", sum),
                        method("get_data", get_data),    method("update", nothing),
                        method("notify_hello", nothing), method("notify_sum", nothing)};
    registry.publish(std::move(examples));
    as(pki::Role::worker, "w7");
  }

  void as(pki::Role role, std::string name) {
    request.caller = {};
    request.caller.identity = pki::Identity{"p2p", role, std::move(name)};
    request.caller.scopes = auth::Scopes::of_role(role);
    request.caller.over_p2p = true;
  }
  net::Response post(std::string body) {
    request.method = net::Method::post;
    request.path = "/rpc";
    request.body = std::move(body);
    return test::run(dispatcher.handle(request));
  }
  Json call(std::string name, std::string params = "{}") {
    return parse_json(post(R"({"jsonrpc":"2.0","id":1,"method":")" + name + R"(","params":)" + params + "}").body)
        .value();
  }
};

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

TEST_CASE_FIXTURE(DispatcherFixture, "calls are counted by how they ended, and only those of methods that exist") {
  const auto counts = [&](const std::string& name) {
    const auto& of = *registry.snapshot()->find(name)->counts;
    return std::vector<std::uint64_t>{of.done, of.failed, of.refused};
  };
  const auto call = [&](const std::string& name) { post(R"({"jsonrpc":"2.0","id":1,"method":")" + name + "\"}"); };
  for (const char* name : {"test.echo", "test.echo", "test.throws", "test.admin", "test.nosuch"}) call(name);
  request.headers.set("P2P-Timeout-Ms", "1");
  call("test.never");
  CHECK(counts("test.echo") == std::vector<std::uint64_t>{2, 0, 0});
  CHECK(counts("test.throws") == std::vector<std::uint64_t>{0, 1, 0});
  CHECK(counts("test.admin") == std::vector<std::uint64_t>{0, 0, 1});
  CHECK(counts("test.never") == std::vector<std::uint64_t>{0, 1, 0});
  CHECK(registry.snapshot()->find("test.nosuch") == nullptr);
  const auto error = registry.snapshot()->find("test.never")->counts->last_failure.get();
  REQUIRE(error.has_value());
  CHECK(error->code == Code::timeout);
  // What an exception says is for the log of the node.
  const auto thrown = registry.snapshot()->find("test.throws")->counts->last_failure.get();
  REQUIRE(thrown.has_value());
  CHECK(thrown->code == Code::internal_error);
  CHECK(thrown->data == R"("the node's log says more")");
}

/// Begins, and is cancelled as by a client that goes away.
void hang_up(asio::awaitable<net::Response> work) {
  asio::io_context loop;
  asio::cancellation_signal client;
  bool has_ended = false;
  asio::co_spawn(loop, std::move(work),
                 asio::bind_cancellation_slot(
                     client.slot(), [&](const std::exception_ptr&, const net::Response&) { has_ended = true; }));
  loop.poll();
  client.emit(asio::cancellation_type::terminal);
  loop.run();
  CHECK(has_ended);
}

TEST_CASE_FIXTURE(DispatcherFixture, "a caller that hangs up, or leaves no time, is no failure of the method") {
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"test.never"})";
  hang_up(dispatcher.handle(request));
  const CallCounts& counts = *registry.snapshot()->find("test.never")->counts;
  CHECK(counts.cancelled == 1);
  test::run(dispatcher.answer(request.body, Origin{request.caller, std::chrono::steady_clock::now()}));
  CHECK(counts.cancelled == 2);
  // As services do: they tell whoever still listens.
  Service service{"tells", "1", "", true, {}};
  service.methods = {method("tells.never", [](CallContext call) -> asio::awaitable<Outcome> {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto waiting = never(std::move(call));
    try {
      co_await std::move(waiting);
    } catch (const boost::system::system_error&) {
    }
    co_return RpcError{Code::service_failed, "given up"};
  })};
  registry.publish(std::move(service));
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"tells.never"})";
  hang_up(dispatcher.handle(request));
  const CallCounts& told = *registry.snapshot()->find("tells.never")->counts;
  CHECK(told.cancelled == 1);
  CHECK(told.failed == 0);
  CHECK(counts.failed == 0);
  CHECK_FALSE(counts.last_failure.get().has_value());
}

TEST_CASE_FIXTURE(DispatcherFixture, "what the caller did wrong is no failure of the method, whoever found it") {
  Service service{"answers", "1", "", true, {}};
  const auto answers = [](Code code) {
    return [code](CallContext) -> asio::awaitable<Outcome> { co_return RpcError{code, "so it is"}; };
  };
  service.methods = {
      method("answers.failed", answers(Code::service_failed)),  method("answers.busy", answers(Code::overloaded)),
      method("answers.own", answers(static_cast<Code>(7))),     method("answers.params", answers(Code::invalid_params)),
      method("answers.missing", answers(Code::no_such_target)), method("answers.denied", answers(Code::not_permitted))};
  registry.publish(std::move(service));
  for (const char* name : {"failed", "busy", "own", "params", "missing", "denied"}) {
    CAPTURE(name);
    const std::string full = std::string("answers.") + name;
    post(R"({"jsonrpc":"2.0","id":1,"method":")" + full + "\"}");
    const CallCounts& counts = *registry.snapshot()->find(full)->counts;
    const bool is_failure = std::string("failed busy own").find(name) != std::string::npos;
    CHECK(counts.failed == (is_failure ? 1 : 0));
    CHECK(counts.refused == (is_failure ? 0 : 1));
    CHECK(counts.last_failure.get().has_value() == is_failure);
  }
}

TEST_CASE_FIXTURE(DispatcherFixture, "how long calls took is counted, of those that ran") {
  const auto call = [&](const std::string& name) { post(R"({"jsonrpc":"2.0","id":1,"method":")" + name + "\"}"); };
  for (const char* name : {"test.echo", "test.echo", "test.throws", "test.admin"}) call(name);
  metrics::LatencyCounts counts{};
  for (const auto& [name, one] : registry.snapshot()->methods) one->counts->latency.add_to(counts);
  CHECK(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 3);
}

/// What is written, whatever of it is wanted.
class KeptLines final : public LogSink {
 public:
  explicit KeptLines(LogLevel least) : least_(least) {}
  bool enabled(LogLevel level) const noexcept override { return level >= least_; }
  void write(LogLevel level, std::string_view logger, std::string message) override {
    lines.push_back(std::string(to_string(level)) + " " + std::string(logger) + " " + message);
  }
  std::vector<std::string> lines;

 private:
  const LogLevel least_;
};

TEST_CASE(
    "that a method fails is in the log with its reason, among the lines of the service, and a flood of it is not") {
  KeptLines log(LogLevel::debug);
  Registry registry;
  Service service{"shop", "1", "", false, {}};
  service.methods = {method("shop.refund", [](CallContext) -> asio::awaitable<Outcome> {
    co_return RpcError{static_cast<Code>(17), "the key has \x1b[31mexpired", R"({"since":"May"})"};
  })};
  registry.publish(std::move(service));
  Dispatcher dispatcher({"c1", pki::Role::coordinator}, registry, nullptr, log);
  net::Request request;
  request.method = net::Method::post;
  request.path = "/rpc";
  request.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"shop.refund"})";
  for (int i = 0; i < 100; ++i) test::run(dispatcher.handle(request));
  CHECK(log.lines == std::vector<std::string>{
                         R"(WARNING Service.shop method refund failed: the key has \x1b[31mexpired: {"since":"May"})"});
}

TEST_CASE("a change that is made with a session leaves a record, also when it fails; reading leaves none") {
  KeptLines log(LogLevel::error);
  Registry registry;
  Service service{"test", "1", "", true, {}};
  service.methods = {method("test.read", echo), method("test.change", echo),
                     method("test.admin", echo, auth::Permission::admin), method("test.never", never)};
  service.methods[0].idempotent = true;
  registry.publish(std::move(service));
  // What may be called twice may still change something.
  Service own{"own", "1", "", false, {}};
  own.methods = {method("own.set", echo)};
  own.methods[0].idempotent = true;
  registry.publish(std::move(own));
  Dispatcher dispatcher({"c1", pki::Role::coordinator}, registry, nullptr, log);
  net::Request request;
  request.method = net::Method::post;
  request.path = "/rpc";
  request.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  request.caller.scopes.add(auth::Permission::rpc_call);
  const auto call = [&](const std::string& name) {
    request.body = R"({"jsonrpc":"2.0","id":1,"method":")" + name + "\"}";
    test::run(dispatcher.handle(request));
  };
  call("test.change");
  request.caller.token_id = "a-token";
  call("test.change");
  CHECK(log.lines.empty());
  request.caller.token_id = "session-1";
  call("test.read");
  CHECK(log.lines.empty());
  call("test.change");
  CHECK(log.lines == std::vector<std::string>{"INFO Audit session/alice (session-1) calls test.change"});
  call("test.admin");
  REQUIRE(log.lines.size() == 3);
  CHECK(log.lines[1] == "INFO Audit session/alice (session-1) calls test.admin");
  CHECK(log.lines[2].starts_with("INFO Audit session/alice (session-1) called test.admin: "));
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"test.never"})";
  hang_up(dispatcher.handle(request));
  REQUIRE(log.lines.size() == 5);
  CHECK(log.lines[4] ==
        "INFO Audit session/alice (session-1) called test.never: the page hung up; the outcome is unknown");
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"test.change","params":{ )" + std::string(300, ' ') +
                 R"("name" : "\u0073hop"}})";
  test::run(dispatcher.handle(request));
  CHECK(log.lines.back() == R"(INFO Audit session/alice (session-1) calls test.change {"name":"shop"})");
  request.body = R"({"jsonrpc":"2.0","id":1,"method":"own.set","params":{"password":"hunter2"}})";
  test::run(dispatcher.handle(request));
  CHECK(log.lines.back() == "INFO Audit session/alice (session-1) calls own.set");
  // A character of two bytes stands where it is cut.
  request.body =
      R"({"jsonrpc":"2.0","id":1,"method":"test.change","params":{"n":")" + std::string(249, 'x') + "\u00e9\"}}";
  test::run(dispatcher.handle(request));
  CHECK(log.lines.back() ==
        R"(INFO Audit session/alice (session-1) calls test.change {"n":")" + std::string(249, 'x') + "\\xc3…");
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
