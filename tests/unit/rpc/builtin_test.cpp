#include "rpc/builtin.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/json.hpp"
#include "rpc/dispatcher.hpp"
#include "run.hpp"

namespace p2p::rpc {
namespace {

using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  Monotonic monotonic() const override { return Monotonic(100s); }
  WallTime wall() const override { return WallTime(1700000000s); }
};

boost::asio::awaitable<Result<metrics::Figures>> read_now() { co_return metrics::read_figures("/"); }
boost::asio::awaitable<Result<metrics::Figures>> hang() { co_return Error(Errc::timeout, "reading takes too long"); }

struct BuiltinFixture {
  FixedClock clock;
  Registry registry;
  NullLogSink log;
  Self self{"w1", pki::Role::worker};
  Dispatcher dispatcher{self, registry, nullptr, log};
  pki::Role role = pki::Role::operator_;

  BuiltinFixture() { registry.publish(system_service({self, clock, Monotonic(40s), read_now})); }
  Json call(const std::string& method) {
    Origin origin;
    origin.caller.identity = pki::Identity{"p2p", role, "x"};
    origin.caller.scopes = auth::Scopes::of_role(role);
    origin.deadline = Monotonic::max();
    const std::string text = R"({"jsonrpc":"2.0","id":1,"method":"system.)" + method + R"(","params":{"a": 1.0}})";
    return parse_json(test::run(dispatcher.answer(text, origin))).value();
  }
};

TEST_CASE_FIXTURE(BuiltinFixture, "ping and time tell the node's clock") {
  CHECK(call("ping")["result"] == Json{{"node_id", "w1"}, {"time", "2023-11-14T22:13:20.000000000Z"}});
  CHECK(call("time")["result"]["unix_seconds"] == 1700000000.0);
}

TEST_CASE_FIXTURE(BuiltinFixture,
                  "what the owner tells of server and configuration is answered; configuration to admins only") {
  CHECK_FALSE(call("metrics")["result"].contains("server"));
  CHECK(call("config")["error"]["code"] == -32601);
  SystemFacts facts{self, clock, Monotonic(40s), read_now};
  facts.server = [] { return ServerFigures{3, 1'000'000'007}; };
  facts.configuration = []() -> boost::asio::awaitable<std::string> { co_return R"([{"key":"port"}])"; };
  registry.publish(system_service(std::move(facts)));
  CHECK(call("metrics")["result"]["server"] == Json{{"connections", 3}, {"requests", 1'000'000'007}});
  CHECK(call("config")["result"] == Json::array({{{"key", "port"}}}));
  role = pki::Role::coordinator;
  CHECK(call("config")["error"]["code"] == -32004);
}

TEST_CASE_FIXTURE(BuiltinFixture, "info describes the machine") {
  const Json answer = call("info");
  const Json& info = answer["result"];
  CHECK(info["node_id"] == "w1");
  CHECK(info["role"] == "worker");
  CHECK(info["uptime_seconds"] == 60.0);
  char name[256] = {};
  REQUIRE(::gethostname(name, sizeof name - 1) == 0);
  CHECK(info["hostname"] == name);
  CHECK(info["cpu_count"].get<long>() == ::sysconf(_SC_NPROCESSORS_ONLN));
  CHECK(info["load"].size() == 3);
  CHECK_FALSE(info["os"].get<std::string>().empty());
}

TEST_CASE_FIXTURE(BuiltinFixture, "metrics show process and host") {
  const Json answer = call("metrics");
  CHECK(answer["result"]["process"]["resident_bytes"] > 0);
  CHECK(answer["result"]["host"]["memory_total_bytes"] > 0);
}

TEST_CASE_FIXTURE(BuiltinFixture,
                  "without figures of the host, info tells the rest, and metrics says why there are none") {
  registry.publish(system_service({self, clock, Monotonic(40s), hang}));
  const Json info = call("info")["result"];
  CHECK(info["node_id"] == "w1");
  CHECK_FALSE(info.contains("load"));
  const Json refused = call("metrics")["error"];
  CHECK(refused["code"] == -32002);
  CHECK(refused["message"].get<std::string>().find("reading takes too long") != std::string::npos);
}

TEST_CASE_FIXTURE(BuiltinFixture, "a worker may ping and echo, and no more") {
  role = pki::Role::worker;
  CHECK(call("ping").contains("result"));
  CHECK(call("echo")["result"] == Json{{"a", 1.0}});
  for (const char* method : {"info", "metrics", "time"}) CHECK(call(method)["error"]["code"] == -32004);
}

}  // namespace
}  // namespace p2p::rpc
