#include "services/service_host.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "base/descriptor.hpp"
#include "host_fixture.hpp"
#include "services/manifest_methods.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::ServiceHostFixture;

std::string manifest(std::string_view name, std::string_view version = "1", std::string_view more = "") {
  return fmt::format(
      "name: {}\nversion: '{}'\ncommand: [./run.sh]\n{}methods:\n"
      "  - name: run\n    params: {{type: object, properties: {{n: {{type: integer}}}}, additionalProperties: "
      "false}}\n",
      name, version, more);
}

/// How often a file is opened, as the kernel counts.
class OpenCount {
 public:
  explicit OpenCount(const std::filesystem::path& file) : events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    REQUIRE(::inotify_add_watch(events_.get(), file.c_str(), IN_OPEN) >= 0);
  }
  /// Since the last time.
  std::size_t read() const {
    alignas(inotify_event) std::array<char, 4096> chunk;
    const ssize_t got = ::read(events_.get(), chunk.data(), chunk.size());
    return got > 0 ? static_cast<std::size_t>(got) / sizeof(inotify_event) : 0;  // events of a file carry no name
  }

 private:
  Descriptor events_;
};

TEST_CASE_FIXTURE(ServiceHostFixture, "a service in the folder can be called, listed and described") {
  add("disk", manifest("disk"), "echo \"[\\\"$P2P_SERVICE\\\", \\\"$P2P_NODE_ID\\\", \\\"$P2P_HOME\\\"]\"");
  host->open();
  CHECK(call("disk.run", R"({"n":1})")["result"] == Json{"disk", "w1", "/home/of/p2p"});
  CHECK(listed("disk") == Json{{"name", "disk"},
                               {"version", "1"},
                               {"description", ""},
                               {"builtin", false},
                               {"state", "running"},
                               {"protocol", "exec"},
                               {"methods", {"run"}}});
  CHECK(listed("services")["builtin"] == true);
  const Json described = call("services.describe", R"({"name":"disk"})")["result"];
  CHECK(described["methods"][0]["params"]["properties"]["n"]["type"] == "integer");
  CHECK(described["methods"][0]["timeout_ms"] == 30000);
  CHECK(announced == std::vector<std::vector<Announcement>>{{{"disk", "1"}}});
}

TEST_CASE_FIXTURE(ServiceHostFixture, "of parameters that fit into no variable the log has one warning") {
  add("note", "name: note\nversion: '1'\ncommand: [./run.sh]\nmethods: [{name: add}]\n");
  host->open();
  for (int i = 0; i < 3; ++i) CHECK(call("note.add", R"({"text":"x\u0000y"})")["result"] == 1);
  std::size_t warnings = 0;
  for (const auto& line : log.lines()) {
    if (line.level != LogLevel::warning) continue;
    ++warnings;
    CHECK(line.logger == "Service.note");
    CHECK(line.message == "add: too large for a variable, or with a NUL, and on standard input alone: P2P_PARAM_TEXT");
  }
  CHECK(warnings == 1);
}

TEST_CASE_FIXTURE(ServiceHostFixture, "parameters that do not fit the schema never reach the program") {
  add("disk", manifest("disk"), "touch called");
  host->open();
  const Json answer = call("disk.run", R"({"n":"x"})");
  CHECK(answer["error"]["code"] == -32602);
  CHECK(answer["error"]["data"] == "params.n must be of type integer");
  CHECK(call("disk.run", R"({"m":1})")["error"]["code"] == -32602);
  CHECK_FALSE(std::filesystem::exists(home.path() / "disk/called"));
}

TEST_CASE_FIXTURE(ServiceHostFixture, "who stops a service is in the log whatever its level is") {
  add("disk", manifest("disk"));
  host->open();
  log.least = LogLevel::critical;
  call("services.stop", R"({"name":"disk"})");
  CHECK(log.has("Audit", "operator/alice stops service disk"));
}

TEST_CASE_FIXTURE(ServiceHostFixture, "a stopped service stays stopped over a restart of the node") {
  add("disk", manifest("disk"));
  host->open();
  CHECK(call("services.stop", R"({"name":"disk"})")["result"]["state"] == "stopped");
  CHECK(call("disk.run")["error"]["code"] == -32601);
  CHECK(listed("disk")["state"] == "stopped");
  CHECK(announced.back().empty());
  make_host(home.path());
  host->open();
  CHECK(listed("disk")["state"] == "stopped");
  CHECK(call("services.start", R"({"name":"disk"})")["result"]["state"] == "running");
  CHECK(call("disk.run")["result"] == 1);
  CHECK(call("services.stop", R"({"name":"nosuch"})")["error"]["code"] == -32001);
  CHECK(call("services.stop", R"({"nam":"disk"})")["error"]["code"] == -32602);
}

TEST_CASE_FIXTURE(ServiceHostFixture, "what cannot run is listed with the reason") {
  add("a", manifest("a"));
  std::filesystem::remove(home.path() / "a/run.sh");
  add("b", "name: b\ncomand: []\n");
  add("c", manifest("services"));
  add("d1", manifest("twin"), "echo first");
  add("d2", manifest("twin"), "echo second");
  add("e", manifest("e"));
  ::chmod((home.path() / "e/run.sh").c_str(), 0777);
  host->open();
  CHECK(listed("a")["state"] == "error");
  CHECK(listed("a")["error"].get<std::string>().find("run.sh: No such file or directory") != std::string::npos);
  CHECK(listed("b")["error"].get<std::string>().find("did you mean \"command\"?") != std::string::npos);
  CHECK(log.has("Services", "is the name of a built-in service"));
  CHECK(log.has("Services", "another folder has a service \"twin\" already"));
  CHECK(call("twin.run")["result"] == "first");
  CHECK(listed("e")["error"].get<std::string>().find("writable by others") != std::string::npos);
  CHECK(call("services.start", R"({"name":"e"})")["error"]["code"] == -32000);
  const std::size_t said = log.lines().size();
  host->scan();
  CHECK(log.lines().size() == said);
}

TEST_CASE_FIXTURE(ServiceHostFixture,
                  "a services directory that was missing is made, so that its first service is seen at once") {
  make_host(home.path() / "not" / "yet");
  host->open();
  CHECK(std::filesystem::is_directory(home.path() / "not" / "yet"));
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(loop, host->run(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { ended = true; }));
  add("not/yet/disk", manifest("disk"));
  const auto running = [&] { return registry.snapshot()->services.contains("disk"); };
  for (int i = 0; i < 20'000 && !running(); ++i) loop.run_one_for(1ms);  // scan_interval is an hour
  CHECK(running());
  cancel.emit(asio::cancellation_type::terminal);
  while (!ended) loop.run_one();
}

TEST_CASE_FIXTURE(ServiceHostFixture, "changes are picked up: added, changed, broken, repaired, removed") {
  host->open();
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(loop, host->run(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { ended = true; }));
  const auto until = [&](auto condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) loop.run_one_for(1ms);
    return condition();
  };
  const auto version = [&] {
    const auto snapshot = registry.snapshot();
    const auto found = snapshot->services.find("disk");
    return found == snapshot->services.end() ? std::string() : found->second->version;
  };
  add("disk", manifest("disk", "1"));
  CHECK(until([&] { return version() == "1"; }));
  home.write("disk/service.yaml", manifest("disk", "2"));
  CHECK(until([&] { return version() == "2"; }));
  home.write("disk/service.yaml", "name: [");
  CHECK(until([&] { return version().empty(); }));
  home.write("disk/service.yaml", manifest("disk", "3"));
  CHECK(until([&] { return version() == "3"; }));
  std::filesystem::remove_all(home.path() / "disk");
  CHECK(until([&] { return version().empty(); }));
  CHECK(host->view()->empty());
  cancel.emit(asio::cancellation_type::terminal);
  CHECK(until([&] { return ended; }));
}

TEST_CASE_FIXTURE(ServiceHostFixture,
                  "a program may write into its folder: it stays in use, and no manifest is read again") {
  add("disk", manifest("disk"));
  add("other", manifest("other"));
  host->open();
  std::vector<OpenCount> opens;
  for (const char* name : {"disk", "other"}) opens.emplace_back(home.path() / name / kManifestName);
  const std::size_t said = log.lines().size();
  const auto file = home.write("disk/state.tmp", "1");
  host->scan();
  std::filesystem::rename(file, home.path() / "disk/state");
  host->scan();
  CHECK(log.lines().size() == said);
  for (const OpenCount& count : opens) CHECK(count.read() == 0);
  home.write("disk/run.sh", "#!/bin/sh\necho 2\n", 0755);
  host->scan();
  CHECK(call("disk.run")["result"] == 2);
  CHECK(opens[0].read() > 0);  // the count counts
  CHECK(opens[1].read() == 0);
}

TEST_CASE_FIXTURE(ServiceHostFixture, "a manifest that comes later than its folder is seen at once") {
  host->open();
  std::filesystem::create_directory(home.path() / "disk");
  host->scan();
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(loop, host->run(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { ended = true; }));
  add("disk", manifest("disk"));
  const auto running = [&] { return registry.snapshot()->services.contains("disk"); };
  for (int i = 0; i < 20'000 && !running(); ++i) loop.run_one_for(1ms);  // scan_interval is an hour
  CHECK(running());
  cancel.emit(asio::cancellation_type::terminal);
  while (!ended) loop.run_one();
}

TEST_CASE_FIXTURE(ServiceHostFixture,
                  "restart reads the folder again, and a folder that broke meanwhile is not kept running") {
  add("disk", manifest("disk", "1"));
  host->open();
  home.write("disk/service.yaml", manifest("disk", "2"));
  CHECK(call("services.restart", R"({"name":"disk"})")["result"]["state"] == "running");
  CHECK(listed("disk")["version"] == "2");
  ::chmod((home.path() / "disk/run.sh").c_str(), 0777);
  CHECK(call("services.restart", R"({"name":"disk"})")["error"]["code"] == -32000);
  CHECK(call("disk.run")["error"]["code"] == -32601);
}

TEST_CASE_FIXTURE(ServiceHostFixture, "calls past max_inflight and the queue are refused at once") {
  add("slow", "name: slow\ncommand: [./run.sh]\nmethods: [{name: run, max_inflight: 1}]\n",
      "echo x >> started; while [ ! -e go ]; do sleep 0.01; done; echo 1");
  host->open();
  int answered = 0, overloaded = 0;
  rpc::Origin origin;
  origin.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
  origin.caller.scopes = auth::Scopes::of_role(pki::Role::operator_);
  origin.deadline = std::chrono::steady_clock::now() + 60s;
  const std::string text = R"({"jsonrpc":"2.0","id":1,"method":"slow.run"})";
  for (std::size_t i = 0; i < 1 + kMaxWaitingCalls + 5; ++i) {
    asio::co_spawn(loop, dispatcher.answer(text, origin), [&](std::exception_ptr, const std::string& answer) {
      (answer.find("-32003") == std::string::npos ? answered : overloaded)++;
    });
  }
  while (overloaded < 5) loop.run_one();
  CHECK(answered == 0);
  home.write("slow/go", "");
  while (answered < 1 + static_cast<int>(kMaxWaitingCalls)) loop.run_one();
  CHECK(overloaded == 5);
}

TEST_CASE_FIXTURE(ServiceHostFixture, "the routes say the same as the methods") {
  add("disk", manifest("disk"));
  host->open();
  net::Router router;
  add_service_routes(router, *host);
  const auto request = [&](net::Method method, const std::string& path) {
    net::Request made;
    const auto match = router.find(method, path);
    REQUIRE(match.route != nullptr);
    CHECK(match.route->permission ==
          (method == net::Method::get ? auth::Permission::services_read : auth::Permission::services_control));
    made.captured = match.captured;
    return run(match.route->handler(made));
  };
  CHECK(parse_json(request(net::Method::get, "/services").body).value() == call("services.list")["result"]);
  CHECK(parse_json(request(net::Method::get, "/services/disk").body).value()["state"] == "running");
  CHECK(request(net::Method::get, "/services/nosuch").status == 404);
  CHECK(parse_json(request(net::Method::post, "/services/disk/stop").body).value()["state"] == "stopped");
  CHECK(parse_json(request(net::Method::post, "/services/disk/start").body).value()["state"] == "running");
  CHECK(request(net::Method::post, "/services/nosuch/restart").status == 404);
}

}  // namespace
}  // namespace p2p::services
