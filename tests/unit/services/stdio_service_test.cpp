#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "host_fixture.hpp"
#include "services/manifest_methods.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::alive;

constexpr char kQuickRestart[] =
    "restart: {delay: 1ms, max_delay: 10ms, degraded_after: 1000}\nhealth: {timeout: 60s}\n";

/// The probe as service `probe`, with a behaviour and more lines of manifest.
struct StdioServiceFixture : test::ServiceHostFixture {
  fs::path folder = home.path() / "probe";

  StdioServiceFixture() { ::signal(SIGPIPE, SIG_IGN); }
  std::string manifest(const std::string& behaviour, const std::string& more, const std::string& version) {
    std::string text = fmt::format("name: probe\nversion: '{}'\ncommand: [{}, {}]\nprotocol: stdio\n{}methods:\n",
                                   version, P2P_STDIO_PROBE, behaviour, more);
    for (const char* name :
         {"echo", "pid", "hold", "release", "cancelled", "die", "misconfigured", "fork_away", "large", "reserved",
          "own_error", "no_newline", "mute", "deaf", "stray", "flood", "node_socket"}) {
      text += fmt::format("  - {{name: {}, timeout: 60s}}\n", name);
    }
    return text + "  - {name: narrow, max_inflight: 1, params: {type: object, required: [n]}}\n";
  }
  void install(const std::string& behaviour = "good", const std::string& more = kQuickRestart,
               const std::string& version = "1") {
    home.write("probe/service.yaml", manifest(behaviour, more, version));
  }
  void start(const std::string& behaviour = "good", const std::string& more = kQuickRestart) {
    install(behaviour, more);
    host->open();
  }
  std::string state() {
    const auto views = host->view();
    return views->empty() ? "" : std::string(to_string(views->front().state));
  }
  std::string error() { return host->view()->front().error; }
  bool becomes(const std::string& expected) {
    return until([&] { return state() == expected; });
  }
  long pid() { return call("probe.pid")["result"].get<long>(); }
};

TEST_CASE_FIXTURE(StdioServiceFixture, "one process answers many calls, byte for byte") {
  start();
  const std::string params = R"({"a":[1.50,12345678901234567890123,"é\n"]})";
  const std::string text = request("probe.echo", params);
  const rpc::Origin origin = alice();
  CHECK(run(dispatcher.answer(text, origin)).find(params) != std::string::npos);
  CHECK(state() == "running");
  CHECK(pid() == pid());
  CHECK(call("probe.echo", "[]")["result"] == Json::array());
  CHECK(announced.back() == std::vector<Announcement>{{"probe", "1"}});
  CHECK(counts == StateCounts{{"running", 1}});
  CHECK(call("services.describe", R"({"name":"probe"})")["result"]["protocol"] == "stdio");
}

TEST_CASE_FIXTURE(StdioServiceFixture, "calls run at the same time and are answered in the order of the service") {
  start();
  std::vector<std::shared_ptr<std::optional<Json>>> held;
  for (int i = 0; i < 8; ++i) held.push_back(begin("probe.hold"));
  CHECK(call("probe.echo", "[7]")["result"] == Json{7});
  for (const auto& answer : held) CHECK_FALSE(answer->has_value());
  call("probe.release");
  for (const auto& answer : held) {
    REQUIRE(until([&] { return answer->has_value(); }));
    CHECK((**answer)["result"] == "released");
  }
}

TEST_CASE_FIXTURE(StdioServiceFixture, "a call that is given up is cancelled at the service, and the others go on") {
  start();
  pid();
  const auto other = begin("probe.hold");
  CHECK(call("probe.hold", "{}", 50ms)["error"]["code"] == -32002);
  REQUIRE(until([&] { return call("probe.cancelled")["result"].size() == 1; }));
  call("probe.release");
  REQUIRE(until([&] { return other->has_value(); }));
  CHECK((**other)["result"] == "released");
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
}

TEST_CASE_FIXTURE(StdioServiceFixture, "errors of the service reach the caller, but not under the node's own codes") {
  start();
  const Json own = call("probe.own_error")["error"];
  CHECK(own == Json{{"code", 7}, {"message", "no such shelf"}, {"data", {{"shelf", 9}}}});
  CHECK(call("probe.reserved")["error"]["code"] == -32000);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "parameters are checked, and calls beyond max_inflight and the queue refused") {
  start();
  CHECK(call("probe.narrow", "{}")["error"]["code"] == -32602);
  pid();
  std::vector<std::shared_ptr<std::optional<Json>>> calls;
  for (std::size_t i = 0; i < 1 + kMaxWaitingCalls + 3; ++i)
    calls.push_back(begin("probe.narrow", R"({"n":1})", 500ms));
  const auto count = [&](int code) {
    return std::count_if(calls.begin(), calls.end(),
                         [&](const auto& answer) { return *answer && (**answer)["error"]["code"] == code; });
  };
  CHECK(until([&] { return count(-32003) == 3; }));
  CHECK(until([&] { return count(-32002) == 1 + kMaxWaitingCalls; }));
}

TEST_CASE_FIXTURE(StdioServiceFixture, "output that is no answer goes to the log") {
  start();
  CHECK(call("probe.stray")["result"] == 1);
  CHECK(log.has("Service.probe", "Loading model..."));
  CHECK(log.has("Service.probe", R"({"level":"info"})"));
  CHECK(log.has("Service.probe", "[1]"));
  CHECK(log.has("Service.probe", "\xff\xfe"));
  CHECK(until([&] { return log.has("Service.probe", "to stderr"); }));
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
}

TEST_CASE_FIXTURE(StdioServiceFixture, "lines without end and answers too large harm one call at most") {
  start();
  const long before = pid();
  CHECK(call("probe.flood")["result"] == 2);
  CHECK(call("probe.large")["error"]["code"] == -32000);
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
  CHECK(pid() == before);
  for (const auto& line : log.lines()) CHECK(line.message.size() < 70'000);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "a death fails the calls under way at once, and the next finds a new process") {
  start();
  const long first = pid();
  const auto lost = begin("probe.hold");
  call("probe.echo");
  ::kill(static_cast<pid_t>(first), SIGKILL);
  REQUIRE(until([&] { return lost->has_value(); }));
  CHECK((**lost)["error"]["code"] == -32000);
  CHECK((**lost)["error"]["message"] ==
        "service \"probe\" was killed by signal 9 (Killed); the outcome of the call is unknown");
  CHECK((**lost)["error"]["data"] == Json{{"exit_code", nullptr}, {"signal", 9}});
  CHECK(pid() != first);
  CHECK(state() == "running");
  CHECK(log.has("Services", "service probe was killed by signal 9 (Killed); it starts again in"));
  CHECK(host->view()->front().restart_count == 1);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "an answer without a newline before the end counts") {
  start();
  CHECK(call("probe.no_newline")["result"] == "last words");
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
}

TEST_CASE_FIXTURE(StdioServiceFixture, "a process that closes its output or its input is replaced") {
  start();
  const long first = pid();
  std::string method;
  SUBCASE("output") { method = "probe.mute"; }
  SUBCASE("input") { method = "probe.deaf"; }
  const auto lost = begin(method);
  if (method == "probe.deaf") REQUIRE(until([&] { return call("probe.echo", "[1]", 100ms).contains("error"); }));
  REQUIRE(until([&] { return lost->has_value(); }));
  const std::string closed = method == "probe.mute" ? "closed its standard output" : "closed its standard input";
  CHECK((**lost)["error"]["message"].get<std::string>().find(closed) != std::string::npos);
  CHECK(pid() != first);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "what forks away is gone for the node, and its calls fail") {
  start();
  CHECK(call("probe.fork_away")["error"]["message"] ==
        "service \"probe\" exited with status 0; the outcome of the call is unknown");
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
  std::ifstream file(folder / "runaway");
  pid_t runaway = 0;
  file >> runaway;
  REQUIRE(runaway > 1);
  ::kill(runaway, SIGKILL);
}

TEST_CASE_FIXTURE(StdioServiceFixture,
                  "five deaths degrade it: calls fail at once, the fleet is told, and it is tried on") {
  start("exit", "restart: {delay: 1ms, max_delay: 30s}\n");
  const auto early = begin("probe.echo");
  REQUIRE(becomes("degraded"));
  REQUIRE(until([&] { return early->has_value(); }));
  CHECK((**early)["error"]["code"] == -32000);
  CHECK(error() == "exited with status 3");
  CHECK(call("probe.echo")["error"]["message"] ==
        "service \"probe\" cannot be called now: it exited with status 3; the call did not run");
  CHECK(announced.empty());
  CHECK(counts == StateCounts{{"degraded", 1}});
  install("good");
  CHECK(call("services.restart", R"({"name":"probe"})")["result"]["state"] == "starting");
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
  CHECK(becomes("running"));
}

TEST_CASE_FIXTURE(StdioServiceFixture, "exit 78 waits for a change") {
  start();
  CHECK(call("probe.misconfigured")["error"]["code"] == -32000);
  REQUIRE(becomes("error"));
  CHECK(error() == "exited with status 78: probe.conf: no such \\x1b[31mqueue");
  CHECK(call("probe.echo")["error"]["code"] == -32000);
  host->scan();
  CHECK(state() == "error");
  install("good", kQuickRestart, "2");
  host->scan();
  CHECK(call("probe.echo", "[1]")["result"] == Json{1});
}

TEST_CASE_FIXTURE(StdioServiceFixture, "who refuses to start or never becomes ready is not called") {
  start("refuse", "restart: {delay: 1ms, max_delay: 30s, degraded_after: 2}\n");
  REQUIRE(becomes("degraded"));
  CHECK(error() == "refused to start: no database");
  install("silent", "restart: {delay: 1ms, max_delay: 30s, degraded_after: 2}\nhealth: {timeout: 20ms}\n");
  host->scan();
  REQUIRE(becomes("degraded"));
  CHECK(error() == "did not answer initialize within 20 ms");
}

TEST_CASE_FIXTURE(StdioServiceFixture, "one that hangs is found by pings and replaced") {
  start("no_pong", "restart: {delay: 1ms}\nhealth: {interval: 20ms, timeout: 20ms, failures: 2}\n");
  // A slow machine may take the first process for hanging as well: only what follows counts.
  CHECK(until([&] { return log.has("Services", "service probe did not answer 2 pings; it starts again in"); }));
}

TEST_CASE_FIXTURE(StdioServiceFixture, "instances share the calls, and one that dies leaves the others at work") {
  start("good", std::string("instances: 3\n") + kQuickRestart);
  std::set<long> pids;
  REQUIRE(until([&] {
    const auto held = begin("probe.hold");
    pids.insert(pid());
    return pids.size() == 3;
  }));
  ::kill(static_cast<pid_t>(*pids.begin()), SIGKILL);
  REQUIRE(until([&] { return log.has("Services", "was killed by signal 9"); }));
  for (int i = 0; i < 20; ++i) CHECK(call("probe.echo", "[1]")["result"] == Json{1});
}

TEST_CASE_FIXTURE(StdioServiceFixture, "stopping ends the input first, and waits for calls under way") {
  start();
  const long process = pid();
  const auto last = begin("probe.hold");
  const auto release = begin("probe.release");
  call("probe.echo");
  CHECK(call("services.stop", R"({"name":"probe"})")["result"]["state"] == "stopped");
  CHECK(call("probe.echo")["error"]["code"] == -32601);
  REQUIRE(until([&] { return last->has_value(); }));
  CHECK((**last)["result"] == "released");
  CHECK(until([&] { return !alive(process); }));
  CHECK(fs::exists(folder / "ended"));
  CHECK(announced.back().empty());
}

TEST_CASE_FIXTURE(StdioServiceFixture, "a reload under load loses no call, and two generations never run at once") {
  start();
  std::vector<std::shared_ptr<std::optional<Json>>> calls;
  std::set<long> pids;
  for (int generation = 2; generation < 12; ++generation) {
    for (int i = 0; i < 4; ++i) calls.push_back(begin("probe.echo", "[1]"));
    pids.insert(pid());
    for (int i = 0; i < 4; ++i) calls.push_back(begin("probe.echo", "[1]"));
    install("good", kQuickRestart, std::to_string(generation));
    host->scan();
    if (generation % 3 == 0) {
      // These wait in a generation that never gets to run.
      for (int i = 0; i < 4; ++i) calls.push_back(begin("probe.echo", "[1]"));
      loop.restart();
      loop.poll();
      install("good", kQuickRestart, "between");
      host->scan();
    }
    const long now = pid();
    for (const long old : pids) CHECK_FALSE(alive(old));
    pids.insert(now);
  }
  for (const auto& answer : calls) {
    REQUIRE(until([&] { return answer->has_value(); }));
    CHECK((**answer)["result"] == Json{1});
  }
}

TEST_CASE_FIXTURE(StdioServiceFixture, "a manifest that breaks or changes its protocol ends the process") {
  start();
  const long process = pid();
  SUBCASE("broken") { home.write("probe/service.yaml", "name: ["); }
  SUBCASE("exec") { add("probe", "name: probe\ncommand: [./run.sh]\nmethods: [{name: echo}]\n", "echo '\"by exec\"'"); }
  SUBCASE("removed") { fs::remove_all(folder); }
  host->scan();
  CHECK(until([&] { return !alive(process); }));
  const Json answer = call("probe.echo");
  CHECK((answer.contains("error") || answer["result"] == "by exec"));
}

TEST_CASE_FIXTURE(StdioServiceFixture, "the host's end leaves nothing behind, even of one that ignores SIGTERM") {
  start("stubborn");
  const long process = pid();
  const auto lost = begin("probe.hold");
  call("probe.echo");
  stop(100ms);
  CHECK_FALSE(alive(process));
  REQUIRE(until([&] { return lost->has_value(); }));
  CHECK((**lost)["error"]["code"] == -32000);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "deaths leave no process, no zombie and no descriptor") {
  start();
  long process = pid();
  const auto before = test::open_descriptors().size();
  for (int i = 0; i < 30; ++i) {
    ::kill(static_cast<pid_t>(process), SIGKILL);
    REQUIRE(until([&] { return !alive(process); }));
    const Json answer = call("probe.pid");
    if (answer.contains("result")) process = answer["result"].get<long>();
  }
  process = pid();
  CHECK(test::open_descriptors().size() == before);
  stop();
  errno = 0;
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE_FIXTURE(StdioServiceFixture, "calls and cancellations come from other loops than the host's") {
  start();
  std::atomic<int> wrong{0}, open{4};
  const auto caller = [&] {
    asio::io_context own;
    for (int i = 0; i < 200; ++i) {
      const std::string text = i % 4 == 0 ? request("probe.hold") : request("probe.echo", "[1]");
      const rpc::Origin origin = alice(i % 4 == 0 ? 1ms : 60'000ms);
      asio::co_spawn(own, dispatcher.answer(text, origin), [&, i](std::exception_ptr, const std::string& answer) {
        const bool fine = answer.find(i % 4 == 0 ? "-32002" : "[1]") != std::string::npos;
        if (!fine) ++wrong;
      });
      own.restart();
      own.run();
    }
    --open;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(caller);
  CHECK(until([&] { return open == 0; }));
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace p2p::services
