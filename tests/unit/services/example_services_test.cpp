// The services under config/services, run for real.
#include <doctest/doctest.h>
#include <sys/statvfs.h>

#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <map>
#include <sstream>

#include "host_fixture.hpp"
#include "services/exec_service.hpp"

namespace p2p::services {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

struct ExampleServicesFixture {
  test::TemporaryFolder home;
  test::KeptLog log;
  rpc::Registry registry;
  rpc::Dispatcher dispatcher{{"w1", pki::Role::worker}, registry, nullptr, log};

  /// Copies the example with the rights that it is installed with, and `env` in place of its own.
  void install(const std::string& name, const std::string& env = "") {
    for (const auto& file : fs::directory_iterator(fs::path(P2P_EXAMPLE_SERVICES) / name)) {
      std::string text = content_of(file.path());
      const bool is_manifest = file.path().filename() == kManifestName;
      if (const auto from = text.find("env:\n"); is_manifest && !env.empty() && from != std::string::npos) {
        text.replace(from, text.find("methods:\n") - from, env);
      }
      home.write(fs::path(name) / file.path().filename(), text, is_manifest ? 0644 : 0755);
    }
    registry.publish(make_exec_service(test::load(home.path() / name).value(), {"w1", "/"}, log));
  }
  Json call(const std::string& method, const Json& params) {
    rpc::Origin origin;
    origin.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
    origin.caller.scopes = auth::Scopes::of_role(pki::Role::operator_);
    origin.deadline = std::chrono::steady_clock::now() + 60s;
    const Json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    return parse_json(test::run(dispatcher.answer(dump_json(request), origin))).value();
  }
};

TEST_CASE_FIXTURE(ExampleServicesFixture, "disk.usage agrees with the kernel") {
  install("disk");
  struct statvfs facts {};
  REQUIRE(::statvfs("/", &facts) == 0);
  const Json answer = call("disk.usage", {{"path", "/"}});
  REQUIRE(answer["result"].size() == 1);
  CHECK(answer["result"][0]["mount"] == "/");
  CHECK(answer["result"][0]["size_bytes"].get<std::uint64_t>() == facts.f_blocks * facts.f_frsize / 1024 * 1024);
  const Json all = call("disk.usage", Json::object());
  REQUIRE(all["result"].is_array());
  bool has_root = false;
  for (const Json& disk : all["result"]) has_root = has_root || disk["mount"] == "/";
  CHECK(has_root);
}

TEST_CASE_FIXTURE(ExampleServicesFixture, "disk.folders sums up what is below each folder") {
  install("disk");
  home.write("space/a/one", std::string(40'960, 'x'));
  home.write("space/b \"c\"/d/two", std::string(81'920, 'x'));
  home.write("space/.e/three", "x");
  home.write("space/file", "x");
  fs::create_directory_symlink(home.path() / "space/a", home.path() / "space/link");
  const Json answer = call("disk.folders", {{"path", (home.path() / "space").string()}});
  std::map<std::string, std::uint64_t> sizes;
  for (const Json& one : answer["result"])
    sizes[one["folder"].get<std::string>()] = one["size_bytes"].get<std::uint64_t>();
  REQUIRE(sizes.size() == 3);
  CHECK(sizes[".e"] > 0);
  CHECK(sizes["a"] >= 40'960);
  CHECK(sizes["b \"c\""] >= 81'920);
  CHECK(call("disk.folders", {{"path", "/no/such/place"}})["error"]["code"] == -32000);
}

TEST_CASE_FIXTURE(ExampleServicesFixture, "disk.usage of what is not there says so") {
  install("disk");
  const Json answer = call("disk.usage", {{"path", "/no/such/place; rm -rf x"}});
  CHECK(answer["error"]["code"] == -32000);
  CHECK(answer["error"]["data"]["stderr"].get<std::string>().find("No such file or directory") != std::string::npos);
  CHECK(call("disk.usage", {{"path", "relative"}})["error"]["code"] == -32602);
  CHECK(call("disk.usage", {{"path", std::string("/\0x", 3)}})["error"]["code"] == -32602);
  CHECK(call("disk.usage", {{"pth", "/"}})["error"]["code"] == -32602);
}

TEST_CASE_FIXTURE(ExampleServicesFixture, "disk.usage copes with strange names") {
  home.write("bin/df",
             "#!/bin/sh\n"
             "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'\n"
             "printf '%s\\n' '//server/share 1 2 3000 1000 2000 34% /mnt/\"a b\\c'\n"
             "echo 'none 0 0 0 - /proc'\n"
             "printf 'x 8 1 7 13%% /bad\\377\\n'\n"
             "echo 'df: /secret: Permission denied' >&2; exit 1\n",
             0755);
  install("disk");
  const fs::path manifest = home.path() / "disk" / kManifestName;
  home.write("disk/service.yaml",
             content_of(manifest) + fmt::format("env: {{PATH: '{}/bin:/usr/bin:/bin'}}\n", home.path().string()));
  registry.publish(make_exec_service(test::load(home.path() / "disk").value(), {"w1", "/"}, log));
  const Json answer = call("disk.usage", Json::object());
  CHECK(answer["result"] == Json{{{"filesystem", "//server/share 1 2"},
                                  {"mount", "/mnt/\"a b\\c"},
                                  {"size_bytes", 3072000},
                                  {"used_bytes", 1024000},
                                  {"available_bytes", 2048000},
                                  {"used_percent", 34}},
                                 {{"filesystem", "x"},
                                  {"mount", "/bad"},
                                  {"size_bytes", 8192},
                                  {"used_bytes", 1024},
                                  {"available_bytes", 7168},
                                  {"used_percent", 13}}});
  CHECK(log.has("Service.disk", "Permission denied"));
}

struct LogFixture : ExampleServicesFixture {
  fs::path logs = home.path() / "logs";

  LogFixture() {
    home.write("logs/app.log", "one\ntwo \"quoted\" \\ \t\x1b[31m\nthree\n");
    home.write("logs/sub/deep.log", "deep\n");
    home.write("secret.txt", "secret\n");
    home.write("bin/journalctl", "#!/bin/sh\necho \"$*\"\n", 0755);
    install("logfile", fmt::format("env:\n  PATH: '{0}/bin:/usr/bin:/bin'\n  LOG_FILES: {0}/single.log:{0}/logs/\n"
                                   "  LOG_UNITS: a.service b.service\n",
                                   home.path().string()));
  }
  Json file(const fs::path& path, int lines = 100) {
    return call("logfile.file", {{"path", path.string()}, {"lines", lines}});
  }
  bool refused(const fs::path& path) {
    const Json answer = file(path);
    return answer.contains("error") && dump_json(answer).find("secret\\n") == std::string::npos &&
           answer["error"]["data"]["stderr"].get<std::string>().find("LOG_FILES") != std::string::npos;
  }
};

TEST_CASE_FIXTURE(LogFixture, "logfile.file shows the last lines as they are") {
  CHECK(file(logs / "app.log")["result"] == Json{{"source", (logs / "app.log").string()},
                                                 {"lines", {"one", "two \"quoted\" \\ \t\x1b[31m", "three"}},
                                                 {"truncated", false}});
  CHECK(file(logs / "app.log", 1)["result"]["lines"] == Json{"three"});
  CHECK(file(logs / "sub/deep.log")["result"]["lines"] == Json{"deep"});
  CHECK(call("logfile.file", {{"path", (logs / "app.log").string()}})["result"]["lines"].size() == 3);
  home.write("logs/empty.log", "");
  CHECK(file(logs / "empty.log")["result"]["lines"] == Json::array());
  home.write("single.log", "x");
  CHECK(file(home.path() / "single.log")["result"]["lines"] == Json{"x"});
}

TEST_CASE_FIXTURE(LogFixture, "logfile.file shows nothing that is not allowed, however it is asked for") {
  CHECK(refused(home.path() / "secret.txt"));
  CHECK(refused("/etc/shadow"));
  CHECK(refused(logs / "../secret.txt"));
  CHECK(refused(logs));
  fs::create_symlink(home.path() / "secret.txt", logs / "link.log");
  CHECK(refused(logs / "link.log"));
  fs::create_directory_symlink(home.path(), logs / "up");
  CHECK(refused(logs / "up/secret.txt"));
  fs::create_symlink(home.path() / "secret.txt", home.path() / "logs-link");
  CHECK(refused(home.path() / "logs-link"));
  home.write("logs.txt", "secret\n");
  CHECK(refused(home.path() / "logs.txt"));
  CHECK(file(logs / "absent.log")["error"]["data"]["stderr"] == "no such file");
  CHECK(file(logs / "sub")["error"]["data"]["stderr"] == "no such file");
}

TEST_CASE_FIXTURE(LogFixture, "logfile.file keeps its bounds") {
  for (const Json& lines : {Json(0), Json(1001), Json("1; id"), Json(1.5), Json(-1)}) {
    CHECK(call("logfile.file", {{"path", (logs / "app.log").string()}, {"lines", lines}})["error"]["code"] == -32602);
  }
  CHECK(call("logfile.file", Json::object())["error"]["code"] == -32602);
  home.write("logs/long.log", std::string(3'000'000, 'x') + "\n" + std::string(100'000, 'y') + "\nlast\n");
  const Json cut = file(logs / "long.log");
  CHECK(cut["result"]["lines"] == Json{std::string(100'000, 'y'), "last"});
  CHECK(cut["result"]["truncated"] == true);
  CHECK(file(logs / "long.log", 2)["result"]["truncated"] == false);
  home.write("logs/binary.log", std::string(250'000, '\x01') + "\n" + std::string("\xFF\x00\xC3\xA9\n", 5));
  const Json binary = file(logs / "binary.log");
  CHECK(binary["result"]["lines"] == Json{"\xC3\xA9"});
  CHECK(binary["result"]["truncated"] == true);
}

TEST_CASE_FIXTURE(LogFixture, "logfile.unit asks the journal for allowed units only") {
  CHECK(call("logfile.unit", {{"unit", "b.service"}, {"lines", 7}})["result"] ==
        Json{{"source", "b.service"},
             {"lines", {"--unit=b.service --lines=7 --output=short-iso --no-pager --quiet"}},
             {"truncated", false}});
  for (const char* unit : {"c.service", "a.service b.service", "*", "--file=/etc/shadow", "a"}) {
    CAPTURE(unit);
    const Json answer = call("logfile.unit", {{"unit", unit}});
    CHECK(answer["error"]["data"]["stderr"].get<std::string>().find("LOG_UNITS") != std::string::npos);
  }
  home.write("bin/journalctl", "#!/bin/sh\nexit 0\n", 0755);
  CHECK(call("logfile.unit", {{"unit", "a.service"}})["result"]["lines"] == Json::array());
  home.write("bin/journalctl", "#!/bin/sh\necho 'No journal files' >&2; exit 1\n", 0755);
  CHECK(call("logfile.unit", {{"unit", "a.service"}})["error"]["data"]["stderr"] == "No journal files");
}

// Those of protocol stdio, behind a host.
struct StdioExamplesFixture : test::ServiceHostFixture {
  StdioExamplesFixture() { ::signal(SIGPIPE, SIG_IGN); }
  void install(const std::string& name) {
    const fs::path from = fs::path(P2P_EXAMPLE_SERVICES) / name;
    fs::create_directory(home.path() / name);
    for (const auto& file : fs::directory_iterator(from)) {
      home.write(fs::path(name) / file.path().filename(), content_of(file.path()));
    }
  }
};

TEST_CASE_FIXTURE(StdioExamplesFixture, "checks.tcp tells an open port from a closed one, many at the same time") {
  install("checks");
  host->open();
  asio::ip::tcp::acceptor open(loop, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::acceptor closed(loop, {asio::ip::address_v4::loopback(), 0});
  const auto params = [](const asio::ip::tcp::acceptor& at) {
    return fmt::format(R"({{"host":"127.0.0.1","port":{}}})", at.local_endpoint().port());
  };
  const std::string shut = params(closed);
  closed.close();
  std::vector<std::shared_ptr<std::optional<Json>>> answers;
  for (int i = 0; i < 30; ++i) answers.push_back(begin("checks.tcp", params(open)));
  CHECK(call("checks.tcp", shut)["result"]["open"] == false);
  for (const auto& answer : answers) {
    REQUIRE(until([&] { return answer->has_value(); }));
    CHECK((**answer)["result"]["open"] == true);
  }
  CHECK(call("checks.tcp", R"({"host":"127.0.0.1"})")["error"]["code"] == -32602);
  const auto port = [](const std::string& place) { return parse_json(place).value()["port"].get<int>(); };
  const int of_open = port(params(open));
  CHECK(call("checks.ports", fmt::format(R"({{"host":"127.0.0.1","ports":[{},{}]}})", port(shut), of_open))["result"] ==
        Json::array({of_open}));
  CHECK(call("checks.everywhere", shut)["error"]["code"] == 1);  // there is no node here
  CHECK(call("services.stop", R"({"name":"checks"})")["result"]["state"] == "stopped");
}

TEST_CASE_FIXTURE(StdioExamplesFixture, "load.history has a sample from the start") {
  install("load");
  fs::copy_file(P2P_EXAMPLE_LOAD, home.path() / "load/load");
  host->open();
  const Json answer = call("load.history");
  REQUIRE(answer["result"].size() >= 1);
  CHECK(answer["result"][0]["available_bytes"].get<std::uint64_t>() > 1'000'000);
  CHECK(call("load.history", R"({"seconds":0})")["error"]["code"] == -32602);
}

}  // namespace
}  // namespace p2p::services
