#include "rpc/forwarder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "base/json.hpp"
#include "base/progress_queue.hpp"
#include "base/system_clock.hpp"
#include "run.hpp"
#include "virtual_fleet.hpp"

namespace p2p::rpc {
namespace {

using namespace std::chrono_literals;

namespace asio = boost::asio;
using test::VirtualFleet;
using Behaviour = VirtualFleet::Behaviour;

struct ForwarderFixture {
  VirtualFleet fleet;
  SystemClock clock;
  SeededRandom random{3};
  NullLogSink log;
  Forwarder forwarder{{"c1", pki::Role::coordinator}, fleet, fleet, clock, random, log};

  ProgressSinkPtr progress{};

  CallContext context_for(std::chrono::milliseconds timeout) const {
    CallContext context;
    context.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
    context.caller.scopes = auth::Scopes::of_role(pki::Role::operator_);
    context.method = "disk.usage";
    context.params = R"({"path":"/"})";
    context.deadline = clock.monotonic() + timeout;
    context.progress = progress;
    return context;
  }
  Outcome call(std::string_view target, std::optional<bool> idempotent = false,
               std::chrono::milliseconds timeout = 60s) {
    auto work = forwarder.forward(parse_target(target).value(), context_for(timeout), idempotent, fleet);
    return test::run(std::move(work));
  }
  Code code_of(std::string_view target, std::optional<bool> idempotent = false,
               std::chrono::milliseconds timeout = 60s) {
    return call(target, idempotent, timeout).error().code;
  }
};

TEST_CASE_FIXTURE(ForwarderFixture, "a call to a node states its caller and the time that remains") {
  CHECK(call("node:w1").value() == "\"w1\"");
  REQUIRE(fleet.sent.size() == 1);
  CHECK(parse_json(fleet.sent[0].request).value() ==
        Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "disk.usage"}, {"params", {{"path", "/"}}}});
  const auto stated = auth::parse_stated_caller(fleet.sent[0].headers(clock.monotonic()).get("P2P-Caller"));
  REQUIRE(stated.has_value());
  CHECK(stated->identity->name == "alice");
  CHECK(stated->scopes.has(auth::Permission::rpc_call));
  const std::string left(fleet.sent[0].headers(clock.monotonic()).get("P2P-Timeout-Ms"));
  CHECK(std::stol(left) > 0);
  CHECK(std::stol(left) <= 60'000);
}

TEST_CASE_FIXTURE(ForwarderFixture, "who takes the progress goes along with a call to one node, not with one to all") {
  progress = std::make_shared<ProgressQueue>([] {});
  CHECK(call("node:w1").has_value());
  CHECK(fleet.sent.at(0).progress == progress);
  fleet.sent.clear();
  CHECK(call("all").has_value());
  REQUIRE(fleet.sent.size() == 2);
  CHECK(fleet.sent[0].progress == nullptr);
}

TEST_CASE_FIXTURE(ForwarderFixture, "the node itself as a target is answered without the network") {
  CHECK(call("node:c1").value() == "\"here\"");
  CHECK(call("role:coordinator").value() == "\"here\"");
  CHECK(fleet.sent.empty());
}

TEST_CASE_FIXTURE(ForwarderFixture, "absent, dead and unreachable nodes are told apart") {
  fleet.candidates[1].alive = false;
  fleet.behaviours["w2"] = Behaviour::refuses_connection;
  CHECK(code_of("node:nobody") == Code::no_such_target);
  CHECK(code_of("node:w1") == Code::unreachable);
  CHECK(fleet.sent.empty());
  CHECK(code_of("node:w2") == Code::unreachable);
  CHECK(fleet.sent.size() == 1);
  CHECK(code_of("service:disk") == Code::no_such_target);
}

TEST_CASE_FIXTURE(ForwarderFixture, "a draining node gets nothing new, and what it has is counted until it ends") {
  fleet.candidates[1].draining = true;
  const auto refused = call("node:w1");
  CHECK(refused.error().code == Code::unreachable);
  CHECK(refused.error().data.find("gets no more calls") != std::string::npos);
  CHECK(call("role:worker").value() == "\"w2\"");
  CHECK(parse_json(call("all:worker").value()).value().size() == 1);
  CHECK(std::none_of(fleet.sent.begin(), fleet.sent.end(), [](const auto& one) { return one.node_id == "w1"; }));

  fleet.candidates[1].draining = false;
  fleet.behaviours["w1"] = Behaviour::hangs;
  asio::io_context loop;
  CallContext context;
  context.method = "disk.usage";
  context.deadline = clock.monotonic() + 50ms;
  auto work = forwarder.forward(parse_target("node:w1").value(), std::move(context), false, fleet);
  asio::co_spawn(loop, std::move(work), asio::detached);
  loop.poll();
  CHECK(forwarder.under_way("w1") == 1);
  CHECK(forwarder.under_way("w2") == 0);
  loop.run();
  CHECK(forwarder.under_way("w1") == 0);
}

TEST_CASE_FIXTURE(ForwarderFixture, "a misspelt node or service is told with the one that was meant") {
  fleet.candidates[1].services = {"disk"};
  CHECK(call("node:w3").error().data ==
        R"("no node \"w3\" in this fleet: it left or never joined; did you mean \"w1\"?")");
  CHECK(call("node:printer").error().data == R"("no node \"printer\" in this fleet: it left or never joined")");
  CHECK(call("service:disc").error().data == R"("no live node has service \"disc\"; did you mean \"disk\"?")");
}

TEST_CASE_FIXTURE(ForwarderFixture, "what was never sent is tried on another node") {
  fleet.behaviours["w1"] = Behaviour::refuses_connection;
  for (int i = 0; i < 10; ++i) CHECK(call("role:worker").value() == "\"w2\"");
  CHECK(forwarder.retry_count() > 0);
}

TEST_CASE_FIXTURE(ForwarderFixture, "what may have run is tried again only when it is idempotent") {
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::breaks_after_sending;
  CHECK(code_of("role:worker", false) == Code::timeout);
  CHECK(fleet.sent.size() == 1);
  CHECK(code_of("role:worker", true) == Code::timeout);
  CHECK(fleet.sent.size() == 3);
  CHECK(fleet.described.empty());
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "a node that has moved is tried again by its new way, which does not close it to others") {
  fleet.behaviours["w1"] = Behaviour::moves_after_sending;
  CHECK(code_of("node:w1", false) == Code::timeout);
  CHECK(fleet.sent.size() == 1);
  for (int i = 0; i < 10; ++i) {
    fleet.behaviours["w1"] = Behaviour::moves_after_sending;
    fleet.sent.clear();
    CHECK(call("node:w1", true).value() == "\"w1\"");
    CHECK(fleet.sent.size() == 2);
  }
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "whether it is, the node says that would run it again, if the service is not here") {
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::breaks_after_sending;
  const auto describe = [&](const char* declared) {
    fleet.description =
        std::string(R"({"methods":[{"name":"other","idempotent":true},{"name":"usage")") + declared + "}]}";
    fleet.sent.clear();
    fleet.described.clear();
    CHECK(code_of("role:worker", std::nullopt) == Code::timeout);
    REQUIRE(fleet.described.size() == 1);
    return fleet.sent.size();
  };
  CHECK(describe(R"(,"idempotent":true)") == 2);
  CHECK(fleet.described[0].node_id == fleet.sent[1].node_id);
  CHECK(fleet.sent[0].node_id != fleet.sent[1].node_id);
  CHECK(parse_json(fleet.described[0].request).value()["params"] == Json{{"name", "disk"}});
  CHECK(fleet.described[0].caller.find("coordinator/c1;") == 0);
  CHECK(describe(R"(,"idempotent":false)") == 1);
  CHECK(describe("") == 1);
  fleet.described.clear();
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::refuses_connection;
  fleet.sent.clear();
  CHECK(code_of("role:worker", std::nullopt) == Code::unreachable);
  CHECK(fleet.sent.size() == 2);
  CHECK(fleet.described.empty());
}

TEST_CASE_FIXTURE(ForwarderFixture, "a busy node's calls go elsewhere, what one node forbids is not tried on another") {
  fleet.behaviours["w1"] = Behaviour::is_busy;
  for (int i = 0; i < 5; ++i) CHECK(call("role:worker").value() == "\"w2\"");
  CHECK(code_of("node:w1") == Code::overloaded);
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::forbids;
  fleet.sent.clear();
  CHECK(code_of("role:worker", true) == Code::not_permitted);
  CHECK(fleet.sent.size() == 1);
}

TEST_CASE_FIXTURE(ForwarderFixture, "a service's own error is passed on, not retried, and does not open the breaker") {
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::fails_itself;
  for (int i = 0; i < 20; ++i) {
    const Outcome outcome = call("role:worker", true);
    CHECK(outcome.error().code == Code::service_failed);
    CHECK(outcome.error().message == "no disk");
  }
  CHECK(fleet.sent.size() == 20);
  CHECK(forwarder.open_breakers().empty());
}

TEST_CASE_FIXTURE(ForwarderFixture, "a node that fails five times in a row is left alone for a while") {
  fleet.behaviours["w1"] = Behaviour::talks_nonsense;
  for (int i = 0; i < 5; ++i) CHECK(code_of("node:w1") == Code::timeout);
  CHECK(code_of("node:w1") == Code::breaker_open);
  CHECK(fleet.sent.size() == 5);
  CHECK(call("role:worker").value() == "\"w2\"");
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "what broke after it was sent, and what is no answer, are told from what took long") {
  fleet.behaviours["w1"] = Behaviour::breaks_after_sending;
  const RpcError broken = call("node:w1").error();
  CHECK(broken.code == Code::timeout);
  CHECK(broken.message == "Connection lost");
  CHECK(broken.data == R"("node \"w1\": reset; the outcome is unknown")");
  fleet.behaviours["w2"] = Behaviour::talks_nonsense;
  const RpcError nonsense = call("node:w2").error();
  CHECK(nonsense.code == Code::timeout);
  CHECK(nonsense.message == "Unusable answer");
  CHECK(nonsense.data.find("answered something else than JSON-RPC (<html>") != std::string::npos);
  CHECK(nonsense.data.find("the outcome is unknown") != std::string::npos);
}

TEST_CASE_FIXTURE(ForwarderFixture, "a node that hangs is given up at the deadline, outcome unknown") {
  fleet.behaviours["w1"] = Behaviour::hangs;
  CHECK(code_of("node:w1", false, 20ms) == Code::timeout);
}

TEST_CASE_FIXTURE(ForwarderFixture, "callers in a hurry, or who give up, do not close a node to others") {
  fleet.behaviours["w1"] = Behaviour::hangs;
  for (int i = 0; i < 6; ++i) CHECK(code_of("node:w1", false, 1ms) == Code::timeout);
  for (int i = 0; i < 6; ++i) {
    asio::io_context loop;
    asio::cancellation_signal leave;
    asio::co_spawn(loop, forwarder.forward(parse_target("node:w1").value(), context_for(60s), false, fleet),
                   asio::bind_cancellation_slot(leave.slot(), asio::detached));
    loop.poll();
    leave.emit(asio::cancellation_type::terminal);
    loop.run_for(10s);
    CHECK(loop.stopped());
  }
  fleet.behaviours["w1"] = Behaviour::answers;
  CHECK(call("node:w1").value() == "\"w1\"");
  CHECK(fleet.sent.size() == 13);
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "a broadcast has one entry a node and does not wait for those that hang or are dead") {
  fleet.candidates.push_back({"w3"});
  fleet.candidates.push_back({"w4", pki::Role::worker, false});
  fleet.behaviours["w1"] = Behaviour::hangs;
  fleet.behaviours["w3"] = Behaviour::fails_itself;
  const Json entries = parse_json(call("all", false, 100ms).value()).value();
  REQUIRE(entries.size() == 5);
  CHECK(entries[0]["node"] == "c1");
  CHECK(entries[0]["result"] == "here");
  CHECK(entries[1]["node"] == "w1");
  CHECK(entries[1]["error"]["code"] == -32002);
  CHECK(entries[2]["result"] == "w2");
  CHECK(entries[3]["error"]["code"] == -32000);
  CHECK(entries[4]["node"] == "w4");
  CHECK(entries[4]["error"]["code"] == -32006);
  for (const Json& entry : entries) CHECK(entry["ms"].get<double>() >= 0);
  CHECK(parse_json(call("all:worker", false, 100ms).value()).value().size() == 4);
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "of a broadcast's answers so many bytes are kept as come first; the rest are errors") {
  const std::string text = '"' + std::string((1 << 20) - 2, 'x') + '"';
  fleet.candidates = {{"c1", pki::Role::coordinator}};
  for (char name = 'a'; name < 'a' + 20; ++name) {
    fleet.candidates.push_back({std::string(1, name)});
    fleet.results[std::string(1, name)] = text;
  }
  fleet.behaviours["a"] = Behaviour::answers_last;
  fleet.others_first = 19;
  const std::string answer = call("all:worker").value();
  CHECK(answer.size() < (16 << 20) + 20 * 200);
  const Json entries = parse_json(answer).value();
  REQUIRE(entries.size() == 20);
  CHECK(std::count_if(entries.begin(), entries.end(), [](const Json& one) { return one.contains("result"); }) == 16);
  CHECK(entries[0]["node"] == "a");
  CHECK(entries[0]["error"]["data"].get<std::string>().find("too large together") != std::string::npos);
  CHECK(entries[1].contains("result"));
  CHECK(fleet.sent.at(0).max_answer_bytes == 2 << 20);
}

TEST_CASE_FIXTURE(ForwarderFixture,
                  "an answer that is too large is the service's failure, is not retried, and opens no breaker") {
  fleet.behaviours["w1"] = fleet.behaviours["w2"] = Behaviour::answers_too_much;
  for (int i = 0; i < 10; ++i) CHECK(code_of("role:worker", true) == Code::service_failed);
  CHECK(fleet.sent.size() == 10);
  CHECK(fleet.sent.at(0).max_answer_bytes == 16 << 20);
  CHECK(call("node:w1").error().data == R"("node \"w1\": larger than 5 bytes")");
}

}  // namespace
}  // namespace p2p::rpc
