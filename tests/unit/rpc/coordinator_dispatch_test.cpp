#include <doctest/doctest.h>

#include "base/json.hpp"
#include "base/system_clock.hpp"
#include "rpc/dispatcher.hpp"
#include "run.hpp"
#include "virtual_fleet.hpp"

namespace p2p::rpc {
namespace {

boost::asio::awaitable<Outcome> here(CallContext) { co_return "\"here\""; }

/// A coordinator with service `local`, and two workers of which w1 has service `disk`.
struct CoordinatorDispatchFixture {
  Registry registry;
  test::VirtualFleet fleet;
  SystemClock clock;
  SeededRandom random{5};
  NullLogSink log;
  Self self{"c1", pki::Role::coordinator};
  Forwarder forwarder{self, fleet, fleet, clock, random, log};
  Dispatcher dispatcher{self, registry, &forwarder, log};
  net::Request request;

  CoordinatorDispatchFixture() {
    Service local{"local", "1", "", true, {}};
    local.methods.push_back({});
    local.methods.back().name = "local.run";
    local.methods.back().handler = here;
    registry.publish(std::move(local));
    fleet.candidates[1].services = {"disk"};
    request.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
    request.caller.scopes = auth::Scopes::of_role(pki::Role::operator_);
  }
  Json call(const std::string& method) {
    request.body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"("})";
    return parse_json(test::run(dispatcher.handle(request)).body).value();
  }
};

TEST_CASE_FIXTURE(CoordinatorDispatchFixture, "a service that only another node has is called there") {
  CHECK(call("disk.usage")["result"] == "w1");
  CHECK(call("local.run")["result"] == "here");
  CHECK(fleet.sent.size() == 1);
}

TEST_CASE_FIXTURE(CoordinatorDispatchFixture,
                  "a service that nobody has, and one whose nodes are all dead, are told apart") {
  CHECK(call("nosuch.method")["error"]["code"] == -32601);
  CHECK(call("local.other")["error"]["code"] == -32601);
  fleet.candidates[1].alive = false;
  CHECK(call("disk.usage")["error"]["code"] == -32001);
}

TEST_CASE_FIXTURE(CoordinatorDispatchFixture, "a misspelt method is told with the one that was meant") {
  const auto detail = [&](const std::string& method) { return call(method)["error"]["data"].get<std::string>(); };
  CHECK(detail("local.rum") == R"(no method "local.rum" on node "c1"; did you mean "local.run"?)");
  CHECK(detail("locla.run") == R"(no method "locla.run" in this fleet; did you mean "local.run"?)");
  CHECK(detail("dsik.usage") == R"(no method "dsik.usage" in this fleet; did you mean "disk.usage"?)");
  CHECK(detail("printer.jobs") == R"(no method "printer.jobs" in this fleet)");
  const std::string endless(100'000, 'x');
  CHECK(detail(endless + ".run").find("did you mean") == std::string::npos);
}

TEST_CASE_FIXTURE(CoordinatorDispatchFixture, "a query names the target as the header does") {
  request.query = "target=node%3Aw2";
  CHECK(call("local.run")["result"] == "w2");
  request.query = "target=node:c1";
  CHECK(call("local.run")["result"] == "here");
}

TEST_CASE_FIXTURE(CoordinatorDispatchFixture, "a broadcast includes the coordinator itself") {
  request.headers.set("P2P-Target", "all");
  const Json entries = call("local.run")["result"];
  REQUIRE(entries.size() == 3);
  CHECK(entries[0]["node"] == "c1");
  CHECK(entries[0]["result"] == "here");
  CHECK(entries[1]["result"] == "w1");
}

TEST_CASE_FIXTURE(CoordinatorDispatchFixture, "a call that was passed on is never passed on again") {
  request.caller.identity = pki::Identity{"p2p", pki::Role::coordinator, "c2"};
  request.caller.over_p2p = true;
  request.headers.set("P2P-Caller", "operator/alice;rpc:call");
  CHECK(call("local.run")["result"] == "here");
  CHECK(call("disk.usage")["error"]["code"] == -32601);
  request.headers.set("P2P-Target", "node:w1");
  CHECK(call("disk.usage")["error"]["code"] == -32001);
  CHECK(fleet.sent.empty());
}

}  // namespace
}  // namespace p2p::rpc
