#include "cli/rpc_failure.hpp"

#include <doctest/doctest.h>

using namespace p2p::cli;
using p2p::rpc::Code;

TEST_CASE("error codes of calls become the exit codes of the manual") {
  CHECK(exit_code_of(static_cast<Code>(-32001)) == 5);
  CHECK(exit_code_of(static_cast<Code>(-32601)) == 5);
  CHECK(exit_code_of(static_cast<Code>(-32602)) == 2);
  CHECK(exit_code_of(static_cast<Code>(-32002)) == 6);
  CHECK(exit_code_of(static_cast<Code>(-32003)) == 7);
  CHECK(exit_code_of(static_cast<Code>(-32005)) == 7);
  CHECK(exit_code_of(static_cast<Code>(-32004)) == 4);
  CHECK(exit_code_of(static_cast<Code>(-32006)) == 3);
  CHECK(exit_code_of(static_cast<Code>(-32000)) == 1);
  CHECK(exit_code_of(static_cast<Code>(-32603)) == 1);
  CHECK(exit_code_of(static_cast<Code>(-1)) == 1);
}

TEST_CASE("a call that broke off is not one that more time would help") {
  const Failure late = failure_of({Code::timeout, "Timeout", R"("the deadline passed")"});
  CHECK(late.exit_code == 6);
  CHECK(late.hint == "wait longer with --timeout");
  const Failure broken =
      failure_of({Code::timeout, "Connection lost", R"("node \"a\": reset; the outcome is unknown")"});
  CHECK(broken.exit_code == 3);
  CHECK(broken.message == "Connection lost: node \"a\": reset; the outcome is unknown");
  CHECK(broken.hint.empty());
  CHECK(failure_of({Code::timeout, "Unusable answer", ""}).exit_code == 9);
  CHECK(judge_broadcast(R"([{"node":"b","error":{"code":-32002,"message":"Connection lost"},"ms":9}])")
            .error()
            .exit_code == 3);
}

TEST_CASE("a message carries the detail") {
  const Failure failure = failure_of({Code::invalid_params, "Invalid params", R"("no path")"});
  CHECK(failure.message == "Invalid params: no path");
  CHECK(failure_of({Code::service_failed, "exit 3", ""}).message == "exit 3");
  CHECK(failure_of({Code::service_failed, "exit 3", R"({"stderr":"x\n"})"}).message == "exit 3: x");
  CHECK(failure_of({Code::service_failed, "exit 3", R"({"stderr":"a\nb\n\nc\nd\n"})"}).message == "exit 3: b; c; d");
  CHECK(failure_of({Code::service_failed, "exit 3", R"({"exit_code":3,"stderr":""})"}).message == "exit 3");
  CHECK(failure_of({Code::service_failed, "exit 3", R"({"why":1})"}).message == R"(exit 3: {"why":1})");
}

TEST_CASE("what cannot be found is said once, with the command that lists what there is") {
  const Failure node = failure_of({Code::no_such_target, "No such target", R"("no node \"worker-9\" in this fleet")"});
  CHECK(node.message == "no node \"worker-9\" in this fleet");
  CHECK(node.hint == "p2p-ctl nodes");
  const Failure method =
      failure_of({Code::method_not_found, "Method not found", R"("no method \"a.b\" on node \"c\"")"});
  CHECK(method.message == "no method \"a.b\" on node \"c\"");
  CHECK(method.hint == "p2p-ctl services");
  CHECK(failure_of({Code::method_not_found, "Method not found", ""}).message == "Method not found");
}

TEST_CASE("HTTP problems have exit codes too") {
  const Failure refused = failure_of_status(403, R"({"title":"Forbidden","detail":"needs logs:clear"})");
  CHECK(refused.exit_code == 4);
  CHECK(refused.message == "needs logs:clear");
  CHECK(failure_of_status(401, "").exit_code == 4);
  CHECK(failure_of_status(429, "").exit_code == 7);
  CHECK(failure_of_status(404, "<html>").message == "the coordinator answered 404");
  CHECK(failure_of_status(500, "").exit_code == 1);
}

TEST_CASE("a broadcast is done, done in part, or failed as all of it failed") {
  const std::string good = R"({"node":"a","result":1,"ms":1})";
  const std::string late = R"({"node":"b","error":{"code":-32002,"message":"timeout"},"ms":9})";
  const std::string away = R"({"node":"c","error":{"code":-32006,"message":"unreachable"},"ms":9})";
  CHECK(judge_broadcast("[" + good + "]").has_value());
  CHECK(judge_broadcast("[" + good + "," + late + "]").error().exit_code == 8);
  CHECK(judge_broadcast("[" + good + "," + late + "]").error().message == "1 of 2 nodes failed: b");
  CHECK(judge_broadcast("[" + late + "]").error().exit_code == 6);
  CHECK(judge_broadcast("[" + late + "," + away + "]").error().exit_code == 1);
  CHECK(judge_broadcast("[]").error().exit_code == 5);
  // Enough is enough.
  const std::string two_of_three = "[" + good + "," + late + "," + good + "]";
  CHECK(judge_broadcast(two_of_three, 2).has_value());
  CHECK(judge_broadcast(two_of_three, 3).error().exit_code == 8);
  CHECK(judge_broadcast(two_of_three, 3).error().message == "2 of 3 nodes succeeded, not 3; failed: b");
  CHECK(judge_broadcast("[" + good + "]", 2).error().exit_code == 8);
  CHECK(judge_broadcast("[" + late + "]", 1).error().exit_code == 6);
  CHECK(judge_broadcast("{}").error().exit_code == 9);
}
