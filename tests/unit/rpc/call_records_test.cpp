// What is counted, logged and audited of calls.
#include <numeric>
#include <vector>

#include "dispatcher_fixture.hpp"

namespace p2p::rpc {
namespace {

namespace asio = boost::asio;

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

net::Request request_of_alice() {
  net::Request out;
  out.method = net::Method::post;
  out.path = "/rpc";
  out.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  return out;
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
  net::Request request = request_of_alice();
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
  net::Request request = request_of_alice();
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

}  // namespace
}  // namespace p2p::rpc
