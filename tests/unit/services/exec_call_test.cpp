#include "services/exec_call.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>

#include "base/json.hpp"
#include "base/text.hpp"
#include "fixture.hpp"
#include "services/service_log.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using rpc::Code;
using rpc::Outcome;
using test::alive;
using test::becomes_true;
using test::open_descriptors;

struct ExecCallFixture {
  test::TemporaryFolder folder;
  test::KeptLog log;

  Command shell(std::string_view script) {
    const fs::path file = folder.write("run.sh", fmt::format("#!/bin/sh\n{}\n", script), 0755);
    return {file, {"run.sh"}, {"PATH=/usr/bin:/bin"}, folder.path()};
  }
  Outcome call(const Command& command, std::string params = "{}", std::chrono::milliseconds timeout = 60s) {
    return test::run(run_exec(command, std::move(params), "t", std::chrono::steady_clock::now() + timeout, log));
  }
  Outcome run_script(std::string_view script, std::string params = "{}", std::chrono::milliseconds timeout = 60s) {
    return call(shell(script), std::move(params), timeout);
  }
  /// The process id that a script left in a file.
  long pid_from(const char* name) {
    std::ifstream file(folder.path() / name);
    long pid = 0;
    file >> pid;
    REQUIRE(pid > 1);
    return pid;
  }
};

TEST_CASE_FIXTURE(ExecCallFixture, "JSON on stdout is the result as it was printed") {
  CHECK(run_script("echo '{\"free\": 12345678901234567890123, \"ratio\": 1.50}'").value() ==
        R"({"free": 12345678901234567890123, "ratio": 1.50})");
  CHECK(run_script("printf 7").value() == "7");
  CHECK(run_script("true").value() == "null");
}

TEST_CASE_FIXTURE(ExecCallFixture, "other output is text, and what is not UTF-8 is an error") {
  CHECK(run_script("echo hello; echo world").value() == R"("hello\nworld")");
  CHECK(run_script("echo '{\"a\":1}{\"b\":2}'").value() == R"("{\"a\":1}{\"b\":2}")");
  const auto garbage = run_script(R"(printf '\377\376\001')");
  REQUIRE(garbage.has_error());
  CHECK(garbage.error().code == rpc::Code::service_failed);
  CHECK(garbage.error().message == "service \"t\" printed something that is neither JSON nor UTF-8 text");
}

TEST_CASE_FIXTURE(ExecCallFixture, "parameters come on stdin and as variables") {
  CHECK(run_script("cat", R"({"a":[1,2],"big":12345678901234567890123})").value() ==
        R"({"a":[1,2],"big":12345678901234567890123})");
  CHECK(run_script("printf %s \"$P2P_PARAM_PATH\"", R"({"path":"/x; rm -rf $HOME `id`"})").value() ==
        R"("/x; rm -rf $HOME `id`")");
  CHECK(run_script("cat /dev/stdin", "").value() == "{}");
  CHECK(run_script("printf %s \"${#P2P_PARAM_A} ${P2P_PARAMS_LEFT_OUT-nothing}\"",
                   "{\"a\":\"" + std::string(131'059, 'x') + "\"}")
            .value() == "\"131059 nothing\"");
  CHECK(run_script("printf %s \"${P2P_PARAM_A-unset} $P2P_PARAMS_LEFT_OUT\"", R"({"a":"x\u0000y"})").value() ==
        "\"unset P2P_PARAM_A\"");
  const std::string large = "[\"" + std::string(900'000, 'x') + "\"]";
  CHECK(run_script("cat", large).value() == large);
  CHECK(run_script("exit 0", large).value() == "null");
}

TEST_CASE_FIXTURE(ExecCallFixture, "the process sees only its own environment, folder, group and descriptors") {
  ::setenv("P2P_VAULT_PASSWORD", "secret", 1);
  const std::string environment = parse_json(run_script("env").value()).value();
  CHECK(environment.find("secret") == std::string::npos);
  ::unsetenv("P2P_VAULT_PASSWORD");
  CHECK(run_script("pwd -P").value() == fmt::format("\"{}\"", fs::canonical(folder.path()).string()));
  CHECK(run_script("read -r _ _ _ _ group _ < /proc/$$/stat; [ $group = $$ ] && echo true").value() == "true");
  // 0, 1, 2, and the one that ls itself has on the folder.
  CHECK(run_script("ls /proc/self/fd | wc -l").value() == "4");
}

TEST_CASE_FIXTURE(ExecCallFixture, "a non-zero exit is an error with the last of stderr, which is logged as well") {
  const Outcome outcome = run_script("echo one >&2; printf 'two \\033[31m' >&2; echo ignored; exit 3");
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().code == Code::service_failed);
  CHECK(outcome.error().message == "service \"t\" exited with status 3");
  const Json data = parse_json(outcome.error().data).value();
  CHECK(data["exit_code"] == 3);
  CHECK(data["stderr"] == "one\ntwo \\x1b[31m");
  CHECK(log.has("Service.t", "one"));
  CHECK(log.has("Service.t", "two \x1b[31m"));  // as it is: whoever shows it escapes it
}

TEST_CASE_FIXTURE(ExecCallFixture, "a process killed by a signal is an error that names it") {
  const Outcome outcome = run_script("kill -SEGV $$");
  CHECK(outcome.error().message == "service \"t\" was killed by signal 11 (Segmentation fault)");
  CHECK(parse_json(outcome.error().data).value()["signal"] == 11);
}

TEST_CASE_FIXTURE(ExecCallFixture, "stderr is drained and kept within bounds") {
  const Outcome outcome = run_script("head -c 5000000 /dev/zero | tr '\\0' 'e' >&2; exit 1");
  CHECK(parse_json(outcome.error().data).value()["stderr"].get<std::string>() == std::string(4096, 'e'));
  std::size_t logged = 0;
  for (const auto& line : log.lines()) logged += line.message.size();
  CHECK(logged < 100'000);
}

TEST_CASE_FIXTURE(ExecCallFixture, "of very much stderr the first lines are logged, and what is dropped is counted") {
  constexpr std::size_t kLines = 100'000;
  run_script(fmt::format("yes \"$(head -c 99 /dev/zero | tr '\\0' e)\" | head -n {} >&2", kLines));
  std::size_t logged = 0, dropped = 0;
  for (const auto& line : log.lines()) {
    if (line.message.starts_with('e')) {
      ++logged;
      continue;
    }
    CHECK(line.level == LogLevel::warning);
    REQUIRE(line.message.find(" lines were dropped") != std::string::npos);
    dropped += std::stoul(line.message);
  }
  CHECK(logged >= kLoggedBurstBytes / 100 - 1);
  CHECK(dropped > 0);
  CHECK(logged + dropped == kLines);
}

TEST_CASE_FIXTURE(ExecCallFixture, "a line of stderr has the level that it names") {
  run_script("echo plain >&2; echo 'ERROR: no such shelf' >&2; echo '{\"level\":\"debug\"}' >&2");
  const auto lines = log.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].level == LogLevel::info);
  CHECK(lines[1].level == LogLevel::error);
  CHECK(lines[2].level == LogLevel::debug);
}

TEST_CASE_FIXTURE(ExecCallFixture, "more than 1 MiB on stdout ends the process") {
  const Outcome endless = run_script("exec yes");
  CHECK(endless.error().code == Code::service_failed);
  CHECK(endless.error().message == "service \"t\" printed more than 1 MiB");
  const std::string most = "head -c 1048574 /dev/zero | tr '\\0' 'x' | sed 's/^/\"/; s/$/\"/'";
  CHECK(run_script(most).value().size() == 1048576);
  CHECK(run_script("head -c 2000000 /dev/zero").error().code == Code::service_failed);
}

TEST_CASE_FIXTURE(ExecCallFixture, "a process that hangs is ended at the deadline, with its whole group") {
  const Outcome outcome = run_script("sleep 1000 & echo $! > child; echo $$ > self; wait", "{}", 300ms);
  CHECK(outcome.error().code == Code::timeout);
  CHECK_FALSE(alive(pid_from("self")));
  CHECK(becomes_true([&] { return !alive(pid_from("child")); }));
}

TEST_CASE_FIXTURE(ExecCallFixture, "one that ignores SIGTERM gets SIGKILL") {
  const Outcome outcome = run_script("trap '' TERM; echo $$ > self; while :; do sleep 0.1; done", "{}", 300ms);
  CHECK(outcome.error().code == Code::timeout);
  CHECK_FALSE(alive(pid_from("self")));
}

TEST_CASE_FIXTURE(ExecCallFixture, "one that closes its output is waited for all the same") {
  CHECK(run_script("echo 7; exec >&- 2>&-; sleep 0.05; touch done").value() == "7");
  CHECK(fs::exists(folder.path() / "done"));
}

TEST_CASE_FIXTURE(ExecCallFixture, "what a process leaves behind is killed and does not hold up its answer") {
  CHECK(run_script("sleep 1000 & echo $! > child; echo 7").value() == "7");
  CHECK(becomes_true([&] { return !alive(pid_from("child")); }));
  CHECK(run_script("(while :; do echo noise >&2; done) & echo 8").value() == "8");
  // Even one that leaves the group and keeps the pipe open.
  CHECK(run_script("setsid sleep 1000 & echo $! > runaway; echo 9").value() == "9");
  ::kill(static_cast<pid_t>(pid_from("runaway")), SIGKILL);
}

TEST_CASE_FIXTURE(ExecCallFixture, "a program that cannot be run is said to be so") {
  Command missing{folder.path() / "nothing", {"nothing"}, {}, folder.path()};
  CHECK(call(missing).error().message ==
        fmt::format("service \"t\": cannot run {}: No such file or directory", missing.program.string()));
  Command plain{folder.write("plain", "text", 0644), {"plain"}, {}, folder.path()};
  CHECK(call(plain).error().message.find("Permission denied") != std::string::npos);
  Command nonsense{folder.write("nonsense",
                                "\x7f"
                                "ELF",
                                0755),
                   {"nonsense"},
                   {},
                   folder.path()};
  CHECK(call(nonsense).error().message.find("cannot run") != std::string::npos);
  Command nowhere = shell("true");
  nowhere.working_folder = folder.path() / "gone";
  CHECK(call(nowhere).error().message.find("No such file") != std::string::npos);
}

TEST_CASE_FIXTURE(ExecCallFixture, "a cancelled call ends its process") {
  asio::io_context loop;
  asio::cancellation_signal cancel;
  const Command command = shell("echo $$ > self.tmp; mv self.tmp self; exec sleep 1000");
  bool ended = false;
  asio::co_spawn(loop, run_exec(command, "{}", "t", std::chrono::steady_clock::now() + 60s, log),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, Outcome) { ended = true; }));
  while (!fs::exists(folder.path() / "self")) loop.run_one_for(1ms);
  const long pid = pid_from("self");
  CHECK(alive(pid));
  cancel.emit(asio::cancellation_type::terminal);
  loop.run();
  CHECK(ended);
  CHECK_FALSE(alive(pid));
}

TEST_CASE_FIXTURE(ExecCallFixture, "a loop that goes away takes the process with it") {
  long pid = 0;
  {
    asio::io_context loop;
    const Command command = shell("echo $$ > self.tmp; mv self.tmp self; exec sleep 1000");
    asio::co_spawn(loop, run_exec(command, "{}", "t", std::chrono::steady_clock::now() + 60s, log),
                   [](std::exception_ptr, Outcome) {});
    while (!fs::exists(folder.path() / "self")) loop.run_one_for(1ms);
    pid = pid_from("self");
  }
  CHECK_FALSE(alive(pid));
}

TEST_CASE_FIXTURE(ExecCallFixture, "many calls leave no descriptor and no zombie") {
  CHECK(run_script("true").has_value());
  const auto before = open_descriptors().size();
  for (int i = 0; i < 50; ++i) CHECK(run_script(i % 2 == 0 ? "echo 1" : "exit 1").has_value() == (i % 2 == 0));
  CHECK(open_descriptors().size() == before);
  errno = 0;
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE_FIXTURE(ExecCallFixture, "lines on descriptor 3 are progress for who wants it, and else it is not open") {
  struct Kept final : ProgressSink {
    void report(std::string value) override { values.push_back(std::move(value)); }
    void dropped(std::uint64_t count) override { lost += count; }
    std::vector<std::string> values;
    std::uint64_t lost = 0;
  };
  const auto kept = std::make_shared<Kept>();
  const auto streamed = [&](std::string_view script) {
    return test::run(run_exec(shell(script), "{}", "t", std::chrono::steady_clock::now() + 60s, log, kept));
  };
  const auto before = open_descriptors();
  CHECK(
      streamed(R"(echo half >&3; echo '{"done": 12345678901234567890}' >&$P2P_PROGRESS_FD; printf '[1]' >&3; echo ok)")
          .value() == "\"ok\"");
  CHECK(kept->values == std::vector<std::string>{"\"half\"", R"({"done": 12345678901234567890})", "[1]"});
  CHECK(kept->lost == 0);
  CHECK(
      streamed(R"(head -c 70000 /dev/zero | tr '\0' x >&3; echo >&3; printf '\377\n' >&3; echo last >&3)").has_value());
  CHECK(kept->values.back() == "\"last\"");
  CHECK(kept->values.size() == 4);
  CHECK(kept->lost == 2);
  CHECK(open_descriptors() == before);
  // The shell's own complaint about a bad descriptor.
  CHECK(run_script(R"(if [ -n "$P2P_PROGRESS_FD" ] || { true >&3; } 2>/dev/null; then echo open; else echo closed; fi)")
            .value() == "\"closed\"");
}

}  // namespace
}  // namespace p2p::services
